import assert from "node:assert/strict";
import { test } from "node:test";
import * as format from "../src/format.ts";
import { classify, isLocalAddress } from "../src/path.ts";
import { iceServersFrom, readMessage, retryWait, signalUrl } from "../src/signaling.ts";
import { candidateFrom } from "../src/connection.ts";
import { Speed } from "../src/speed.ts";
import { qrPath } from "../src/ui/qr.ts";

const sdp =
  "v=0\r\na=candidate:1 1 udp 2113937151 a-b.local 5000 typ host generation 0\r\n" +
  "a=candidate:2 1 udp 1677729535 198.51.100.7 6000 typ srflx raddr 0.0.0.0 rport 0\r\n" +
  "a=candidate:4 1 udp 2113937151 a-b.local 8000 typ host generation 0\r\n" +
  "a=candidate:5 1 udp 1677729535 10.0.0.9 8000 typ srflx raddr 0.0.0.0 rport 0\r\n" +
  "a=candidate:4 1 udp 2113937151 a-b.local 9000 typ host generation 0\r\n" +
  "a=candidate:5 1 udp 1677729535 198.51.100.7 9000 typ srflx raddr 0.0.0.0 rport 0\r\n" +
  "a=candidate:5 1 udp 1677729535 10.0.0.9 8500 typ srflx raddr 0.0.0.0 rport 0\r\n" +
  "a=candidate:3 1 udp 33562367 198.51.100.9 49200 typ relay raddr 0.0.0.0 rport 0\r\n";

const ours =
  "a=candidate:1 1 udp 2113937151 c-d.local 4000 typ host\r\n" +
  "a=candidate:2 1 udp 1677729535 198.51.100.8 5500 typ srflx raddr 0.0.0.0 rport 0\r\n";

test("the path is told from the candidates", () => {
  const host = { candidateType: "host", address: "" };
  const rows = [
    ["local", host, { candidateType: "host", address: "192.168.1.7" }],
    ["local", host, { candidateType: "host", address: "fe80::1" }],
    ["local", host, { candidateType: "host", address: "uuid.local" }],
    ["local", host, { candidateType: "prflx", address: "(redacted)", port: 5000 }],
    ["local", host, { candidateType: "prflx", address: "", port: 8000 }], // What its server sees is its own address.
    ["local", host, { candidateType: "prflx", address: "", port: 8500 }],
    ["local", { candidateType: "prflx", port: 4000 }, { candidateType: "prflx", address: "", port: 8000 }],
    ["direct", { candidateType: "prflx", port: 4500 }, { candidateType: "prflx", address: "", port: 8000 }],
    ["direct", { candidateType: "srflx", address: "198.51.100.8", port: 5500 }, { candidateType: "prflx", address: "", port: 8000 }],
    ["direct", host, { candidateType: "prflx", address: "", port: 9000 }],
    ["direct", host, { candidateType: "prflx", address: "", port: 6000 }],
    ["direct", host, { candidateType: "prflx", address: "", port: 7000 }],
    ["direct", { candidateType: "srflx" }, { candidateType: "prflx", address: "", port: 5000 }],
    ["internet", host, { candidateType: "srflx", address: "198.51.100.7" }],
    ["internet", host, { candidateType: "prflx", address: "2001:db8::1" }],
    ["relay", host, { candidateType: "relay", address: "192.168.1.7" }],
    ["relay", { candidateType: "relay" }, host],
    ["relay", host, { candidateType: "prflx", address: "", port: 49200 }],
    ["relay", host, { candidateType: "prflx", address: "198.51.100.9", port: 49200 }],
  ] as const;
  for (const [want, local, remote] of rows) assert.equal(classify(local, remote, sdp, ours), want);
});

test("local addresses are known", () => {
  for (const near of ["10.0.0.1", "172.16.0.1", "172.31.9.9", "192.168.0.1", "127.0.0.1", "169.254.1.1", "::1", "fd00::1"]) {
    assert.ok(isLocalAddress(near), near);
  }
  for (const far of ["172.32.0.1", "8.8.8.8", "100.63.0.1", "2001:db8::1", "11.0.0.1"]) {
    assert.ok(!isLocalAddress(far), far);
  }
});

test("a server without an address is the one we reached", () => {
  const servers = iceServersFrom(
    [{ urls: ["stun::3478", "stun:192.0.2.7:3478", "http://x"] }, { urls: "turn:?transport=udp", username: "u", credential: "c" }, null, 7, { urls: [] }],
    "yodel.example",
  );
  assert.deepEqual(servers, [
    { urls: ["stun:yodel.example:3478", "stun:192.0.2.7:3478"] },
    { urls: ["turn:yodel.example?transport=udp"], username: "u", credential: "c" },
  ]);
  assert.deepEqual(iceServersFrom({ length: 3 }, "x"), []);
});

test("a relay is used with its credentials, and never without", () => {
  const urls = ["turn:192.0.2.7:3478?transport=udp", "turn:192.0.2.7:3478?transport=tcp", "turns:[2001:db8::7]:443?transport=tcp"];
  const whole = { urls, username: "1764000000:x", credential: "s" };
  assert.deepEqual(iceServersFrom([whole], "x"), [whole]);
  // The browser would refuse the whole list for one of these.
  for (const lost of [{ urls }, { urls, username: "u" }, { urls, credential: "c" }, { urls, username: 7, credential: {} }]) {
    assert.deepEqual(iceServersFrom([lost, { urls: [...urls, "stun:192.0.2.7"] }], "x"), [{ urls: ["stun:192.0.2.7"] }]);
  }
});

test("the WebSocket is beside the page", () => {
  assert.equal(signalUrl("http://localhost:8080/#7-a-b"), "ws://localhost:8080/signal");
  assert.equal(signalUrl("https://example.org/yodel/"), "wss://example.org/yodel/signal");
});

test("waits double, jitter and end at a limit", () => {
  assert.equal(retryWait(0, () => 0), 250);
  assert.equal(retryWait(1, () => 1), 1000);
  assert.equal(retryWait(1000, () => 1), 15000);
});

test("what is no message is none", () => {
  for (const data of ["", "7", "null", "[]", "{}", '{"type":7}', 7, undefined]) {
    assert.equal(readMessage(data), undefined);
  }
  assert.equal(readMessage('{"type":"hello"}')?.type, "hello");
});

test("candidates are checked before the browser sees them", () => {
  assert.equal(candidateFrom("x"), undefined);
  assert.equal(candidateFrom({ candidate: 7 }), undefined);
  assert.equal(candidateFrom({ candidate: "" }), undefined);
  assert.equal(candidateFrom({ candidate: "a".repeat(2000) }), undefined);
  assert.deepEqual(candidateFrom({ candidate: "candidate:1", sdpMid: {}, sdpMLineIndex: "0" }), {
    candidate: "candidate:1", sdpMid: null, sdpMLineIndex: 0,
  });
});

test("numbers read well", () => {
  assert.equal(format.bytes(0), "0 bytes");
  assert.equal(format.bytes(1), "1 byte");
  assert.equal(format.bytes(999), "999 bytes");
  assert.equal(format.bytes(1234), "1.2 kB");
  assert.equal(format.bytes(999_999), "1.0 MB");
  assert.equal(format.bytes(104_857_600), "105 MB");
  assert.equal(format.duration(0.2), "1 s");
  assert.equal(format.duration(125), "2 min");
  assert.equal(format.duration(3720), "1 h 2 min");
  assert.equal(format.summary(1, null), "1 file");
});

test("speed is over the last seconds", () => {
  const speed = new Speed();
  assert.equal(speed.perSecond(0), undefined);
  for (let at = 0; at <= 10_000; at += 100) speed.add(at < 5000 ? 0 : (at - 5000) * 10, at);
  assert.equal(Math.round(speed.perSecond(10_000)!), 10_000);
});

test("a QR code has its finders and grows with the text", () => {
  const short = qrPath("http://localhost:8080/#7-amber-falcon");
  assert.ok(short.path.startsWith("M4 4h7v1h-7z"));
  assert.ok(qrPath("x".repeat(200)).size > short.size);
});
