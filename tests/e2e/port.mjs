// One port: HTTPS, WSS and TURN, with TLS and without, told apart by what a connection says first.

import { execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import tls from "node:tls";
import { Client, check, connect, get, makeFolder, metric, request, runAll, same, serve, test, until, within, yodel } from "./lib/cases.mjs";
import { makeCertificate } from "./lib/certificate.mjs";
import { uclient } from "./lib/coturn.mjs";

const relay = ["--udp", "127.0.0.1:0", "--turn-user", "alice:wonder", "--turn-realm", "e2e", "--turn-allow", "127.0.0.0/8"];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const sha256 = (data) => createHash("sha256").update(data).digest("hex");

// Both kinds of server: all that it serves is on `port`, and on no other but UDP's.
async function start(defer, isSecure, ...more) {
  const folder = makeFolder(defer);
  const files = isSecure ? makeCertificate(folder) : {};
  const options = isSecure ? ["--tls-cert", files.cert, "--tls-key", files.key] : [];
  const server = await serve(defer, ...relay, "--turn-tcp", "off", ...options, ...more);
  same(server.secure, isSecure, "the scheme");
  return Object.assign(server, { files, folder });
}

function run(command, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env: { ...process.env, ...env } });
    const kill = setTimeout(() => child.kill("SIGKILL"), 25000);
    let out = "";
    child.stdout.on("data", (data) => (out += data));
    child.stderr.on("data", (data) => (out += data));
    child.on("close", (code) => (clearTimeout(kill), resolve({ code, out })));
  });
}

const alpns = [undefined, ["http/1.1"], ["h2", "http/1.1"], ["h2"], ["foo"]];

// ---- each protocol

for (const version of ["TLSv1.2", "TLSv1.3"]) {
  test(`the page, with and without ALPN, over ${version}`, async (defer) => {
    const server = await start(defer, true);
    for (const alpn of alpns) {
      const socket = tls.connect({ port: server.port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: alpn,
        minVersion: version, maxVersion: version });
      let text = "";
      socket.on("data", (data) => (text += data));
      await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
      same(socket.alpnProtocol, alpn?.includes("http/1.1") ? "http/1.1" : false, `${alpn}: what it chose`);
      socket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      await within(5000, new Promise((resolve) => socket.once("close", resolve)), `${alpn}: the end`);
      check(text.startsWith("HTTP/1.1 200") && text.includes('"status":"ok"'), `${alpn}: ${text}`);
    }
    same(await metric(server, 'connections_total{speaks="https"}'), 3, "with HTTP in their ALPN");
  });
}

test("curl gets the page, whatever it says of HTTP/2 and ALPN", async (defer) => {
  const server = await start(defer, true);
  for (const more of [[], ["--no-alpn"], ["--http2"], ["--http1.1", "--tls-max", "1.2", "--no-alpn"]]) {
    const { out, code } = await run("curl", ["-sSk", ...more, `https://127.0.0.1:${server.port}/healthz`]);
    check(code === 0 && out.includes('"status":"ok"'), `${more}: ${out}`);
  }
});

test("a WebSocket talks, with and without ALPN, and is said goodbye to", async (defer) => {
  for (const alpn of [undefined, ["http/1.1"]]) {
    const server = Object.assign(await start(defer, true), { alpn });
    const [one, other] = [await Client.open(server), await Client.open(server)];
    const { id } = await other.next();
    await one.next();
    one.say({ type: "join", room: "r" });
    other.say({ type: "join", room: "r" });
    await one.until("joined");
    await other.until("joined");
    const data = randomBytes(15000).toString("hex");
    one.say({ type: "signal", to: id, data });
    same((await other.until("signal")).data, data, "what arrived");
    same(await metric(server, "pumps"), alpn ? 0 : 3, "pumps, that of /metrics included");
    server.child.kill("SIGTERM");
    same(await within(5000, one.closed, "the goodbye"), 1001, "close code");
    same((await within(5000, server.ended, "the end")).code, 0, "exit code");
  }
});

test("who comes through a pump is who he is: limits count him, metrics know him", async (defer) => {
  const server = await start(defer, true, "--connections-per-address", "2");
  for (const want of [101, 101, 429]) same((await Client.open(server)).status, want, "status");
  same((await get(server, "/metrics")).status, 200, "metrics, which are for loopback alone");
});

test("what is large comes through the pump as it is, slowly too", async (defer) => {
  const server = await start(defer, true);
  const paths = [...(await get(server, "/")).body.matchAll(/(?:src|href)="(\/?[\w.-]+\.(?:js|css))"/g)].map((found) => found[1]);
  const path = paths.find((one) => one.endsWith(".js"));
  check(path, "the page names a script");
  const want = await run("curl", ["-sSk", "--http1.1", `https://127.0.0.1:${server.port}/${path.replace(/^\//, "")}`]);
  const socket = await connect(server); // Without ALPN.
  let bytes = Buffer.alloc(0);
  let wake = () => {};
  socket.on("data", (data) => {
    bytes = Buffer.concat([bytes, data]);
    wake();
  });
  for (let round = 0; round < 30; round++) {
    bytes = Buffer.alloc(0);
    socket.write(`GET /${path.replace(/^\//, "")} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    if (round % 10 === 0) {
      socket.pause();
      await pause(100);
      socket.resume();
    }
    const all = () => {
      const end = bytes.indexOf("\r\n\r\n") + 4;
      const len = Number(/content-length: (\d+)/i.exec(bytes.toString("latin1", 0, end))?.[1] ?? NaN);
      return end >= 4 && bytes.length >= end + len ? bytes.subarray(end, end + len) : undefined;
    };
    await within(5000, (async () => {
      while (!all()) await new Promise((resolve) => (wake = resolve));
    })(), `answer ${round}`);
    check(all().length > 100000, "it is large");
    same(sha256(all()), sha256(want.out), `answer ${round}`);
  }
  socket.destroy();
});

for (const isSecure of [true, false]) {
  const where = isSecure ? "a port with TLS" : "a port without";
  test(`coturn's client relays on ${where}`, async (defer) => {
    const server = await start(defer, isSecure);
    const good = await uclient(server.port, "wonder", ["-t", ...(isSecure ? ["-S"] : [])]);
    check(good.sent > 0 && good.got > 0, good.out.slice(-500));
    for (const way of ["to_peers", "to_clients"]) {
      same(await metric(server, `turn_relayed_packets_total{way="${way}"}`), good.sent, way);
    }
    const kind = isSecure ? "turns" : "stun";
    check((await metric(server, `connections_total{speaks="${kind}"}`)) > 0, kind);
  });

  test(`the doctor, a page, a WebSocket and a relayed file at once on ${where}`, async (defer) => {
    const server = await start(defer, isSecure);
    const url = `${isSecure ? "https" : "http"}://localhost:${server.port}`;
    const env = isSecure ? { SSL_CERT_FILE: server.files.cert } : {};
    const file = join(server.folder, "file.bin");
    writeFileSync(file, randomBytes(3_000_000));
    const turn = `${isSecure ? "turns" : "turn"}:localhost:${server.port}?transport=tcp,alice,wonder`;
    const only = ["--ice", "relay", "--turn", turn];
    const sender = spawn(process.env.YODEL, ["send", "--json", "--server", url, ...only, file],
      { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });
    defer(() => sender.kill("SIGKILL"));
    let said = "";
    sender.stdout.on("data", (data) => (said += data));
    const sent = new Promise((resolve) => sender.on("close", resolve));
    const code = await within(10000, (async () => {
      for (;;) {
        const found = /"code":"([^"]+)"/.exec(said);
        if (found) return found[1];
        await pause(20);
      }
    })(), "the code");
    const [received, doctor, page, coturn] = await Promise.all([
      run(process.env.YODEL, ["receive", "--yes", "--output", join(server.folder, "in"), "--server", url, ...only, code], env),
      run(process.env.YODEL, ["doctor", "--json", url], env),
      run("curl", ["-sSk", ...(isSecure ? ["--no-alpn"] : []), `${url}/healthz`]),
      uclient(server.port, "wonder", ["-t", ...(isSecure ? ["-S"] : [])]),
    ]);
    same(received.code, 0, received.out);
    same(await within(5000, sent, "the sender's end"), 0, "the sender");
    same(sha256(readFileSync(join(server.folder, "in", "file.bin"))), sha256(readFileSync(file)), "the file");
    const lines = doctor.out.trim().split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
    const kind = isSecure ? "turn-tls" : "turn-tcp";
    for (const check_ of ["http", "signaling", kind]) {
      same(lines.find((line) => line.check === check_)?.verdict, "ok", `${check_}: ${doctor.out}`);
    }
    check(lines.find((line) => line.check === kind).detail.includes(`:${server.port}`), doctor.out);
    check(page.out.includes('"status":"ok"'), page.out);
    check(coturn.got > 0, coturn.out);
  });
}

// ---- what clients are told

async function urls(server, headers) {
  const client = await Client.open(server, { headers });
  const { ice_servers: servers } = await client.next();
  client.end();
  return servers.flatMap((one) => one.urls);
}

test("signaling names the port that the client came by, and few URLs", async (defer) => {
  const secure = await start(defer, true);
  check((await urls(secure)).includes(`turns:127.0.0.1:${secure.port}?transport=tcp`), "with TLS");
  check((await urls(secure, { Host: "x.example" })).includes("turns:x.example:443?transport=tcp"), "through a router");
  check((await urls(secure, { Host: "x.example:8443" })).includes("turns:x.example:8443?transport=tcp"), "by another port");
  const plain = await start(defer, false);
  check((await urls(plain)).includes(`turn:127.0.0.1:${plain.port}?transport=tcp`), "without TLS");
  const behind = await start(defer, false, "--behind-proxy");
  same((await urls(behind)).filter((url) => url.includes("transport=tcp")).length, 0, "behind a proxy");
  const off = await start(defer, true, "--turn", "off");
  same((await urls(off)).filter((url) => url.startsWith("turn")).length, 0, "without TURN");
  const { cert, key } = secure.files;
  const many = await serve(defer, ...relay, "--tls-cert", cert, "--tls-key", key, "--turn-tls", "127.0.0.1:0");
  const all = await urls(many);
  same(all.length, 4, `URLs: ${all}`);
  same(all.filter((url) => url.startsWith("turns:")).length, 2, `the TLS listener that was asked for is among ${all}`);
});

// ---- certificates

const serial = (server, alpn) =>
  new Promise((resolve, reject) => {
    const socket = tls.connect({ port: server.port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: alpn }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.once("error", reject);
  });

test("SIGHUP brings a new certificate for all, of another kind too, and cuts nobody off", async (defer) => {
  const server = await start(defer, true);
  const kinds = [undefined, ["http/1.1"], ["stun.turn"]];
  const before = await serial(server);
  const clients = [await Client.open(server), await Client.open({ ...server, alpn: ["http/1.1"] })];
  makeCertificate(server.folder, { kind: "rsa" });
  server.child.kill("SIGHUP");
  await until("the reload", () => server.err.includes("certificate was read again"));
  const after = await Promise.all(kinds.map((alpn) => serial(server, alpn)));
  check(after.every((one) => one === after[0] && one !== before), `${before}, then ${after}`);
  check((await metric(server, "signaling_clients")) === 2, "both are there");
  for (const client of clients) check((await client.next()).ice_servers, "hello");

  writeFileSync(server.files.cert, "nonsense");
  server.child.kill("SIGHUP");
  await until("the refusal", () => server.err.includes("stays as it was"));
  same(await serial(server), after[0], "the certificate");
});

// ---- hostile

// What becomes of a connection that says this, piece by piece.
function say(server, pieces, { isTls = false, alpn, ms = 15000, gap = 20 } = {}) {
  return new Promise((resolve) => {
    const options = { port: server.port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: alpn };
    const socket = isTls ? tls.connect(options) : net.connect(options);
    const started = Date.now();
    let got = Buffer.alloc(0);
    const end = setTimeout(() => socket.destroy(), ms);
    socket.on("data", (data) => (got = Buffer.concat([got, data])));
    socket.on("error", () => {});
    socket.on("close", () => (clearTimeout(end), resolve({ got, lasted: Date.now() - started })));
    socket.once(isTls ? "secureConnect" : "connect", async () => {
      socket.setNoDelay(true);
      for (const piece of pieces) {
        socket.write(piece);
        if (gap) await pause(gap);
      }
    });
  });
}

const bytewise = (bytes) => [...bytes].map((byte) => Buffer.from([byte]));
const binding = Buffer.concat([Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]), Buffer.alloc(12, 5)]);
const hello = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

test("L8: inside TLS without ALPN, a byte at a time: HTTP and STUN are answered", async (defer) => {
  const server = await start(defer, true);
  const [http, stun] = await Promise.all([
    say(server, bytewise(Buffer.from(hello)), { isTls: true, gap: 5 }),
    say(server, bytewise(binding), { isTls: true, ms: 6000 }),
  ]);
  check(http.got.toString().startsWith("HTTP/1.1 200"), http.got.toString());
  same(stun.got.length, 32, "an answer");
});

test("L8: inside TLS, garbage, TLS, ICE-TCP, and STUN cut short are closed, silence in time", async (defer) => {
  const server = await start(defer, true);
  const iceTcp = Buffer.concat([Buffer.from([0, 20]), binding]);
  for (const bytes of [Buffer.from("\xff\xff", "latin1"), Buffer.from("get /"), iceTcp, Buffer.from("160301020001", "hex"),
    Buffer.from("000100002112a443", "hex")]) {
    const { got, lasted } = await say(server, [bytes], { isTls: true, ms: 5000 });
    same(got.length, 0, "no answer");
    check(lasted < 4000 || bytes[0] === 0x16, `${bytes.toString("hex")} was let stay`);
  }
  const silent = [say(server, [], { isTls: true, ms: 25000 }), say(server, [binding.subarray(0, 7)], { isTls: true, ms: 25000 })];
  for (const { lasted } of await Promise.all(silent)) check(lasted > 4000 && lasted < 13000, `stayed ${lasted} ms`);
});

test("L8: a ClientHello that comes a byte at a time, or never ends", async (defer) => {
  const server = await start(defer, true);
  // A proxy that passes each byte by itself.
  const proxy = net.createServer((near) => {
    const far = net.connect({ port: server.port, host: "127.0.0.1", noDelay: true });
    let chain = Promise.resolve();
    near.on("data", (data) => {
      for (const byte of bytewise(data)) chain = chain.then(() => (far.write(byte), new Promise(setImmediate)));
    });
    far.on("data", (data) => near.write(data));
    for (const [one, other] of [[near, far], [far, near]]) one.on("close", () => other.destroy()).on("error", () => {});
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  defer(() => proxy.close());
  for (const alpn of [undefined, ["http/1.1"]]) {
    const { got } = await say({ port: proxy.address().port }, [hello], { isTls: true, alpn });
    check(got.toString().startsWith("HTTP/1.1 200"), `${alpn}: ${got}`);
  }
  const { lasted } = await say(server, [Buffer.from("1603010200010001fc0303", "hex")], { ms: 20000 });
  check(lasted < 8000, `a half ClientHello stayed ${lasted} ms`);
});

test("L8: who asks for one thing and says another is refused", async (defer) => {
  const server = await start(defer, true);
  const turn = await say(server, [hello], { isTls: true, alpn: ["stun.turn"], ms: 5000 });
  same(turn.got.length, 0, "HTTP where TURN was asked for");
  const http = await say(server, [binding], { isTls: true, alpn: ["http/1.1"], ms: 12000 });
  check(http.lasted < 11000 && !http.got.includes(Buffer.from([1, 1, 0])), "STUN where HTTP was asked for");
  const clear = await say(server, [hello], { ms: 5000 });
  same(clear.got.length, 0, "HTTP in the clear where there is a certificate");
  check(clear.lasted < 4000, "at once");
  const dressed = await say(server, [Buffer.concat([binding.subarray(0, 8), Buffer.from(hello)])], { ms: 12000 });
  check(!dressed.got.includes("HTTP/1.1"), "HTTP in STUN's clothes");
});

test("ICE-TCP is told apart, and nobody takes it yet", async (defer) => {
  const server = await start(defer, false);
  const { got, lasted } = await say(server, [Buffer.concat([Buffer.from([0, 20]), binding])], { ms: 5000 });
  same(got.length, 0, "no answer");
  check(lasted < 4000, "at once");
  same(await metric(server, 'connections_total{speaks="ice-tcp"}'), 1, "counted");
  same(await metric(server, "connections_refused_total"), 1, "refused");
});

test("L8: 800 handshakes that dribble are gone within ten seconds, and keep nobody out", async (defer) => {
  const server = await start(defer, true);
  const began = Date.now();
  const hello = Buffer.from("1603010200010001fc0303", "hex");
  const dribblers = Array.from({ length: 800 }, (_, i) => say(server, i % 4 ? bytewise(hello) : [], { gap: 1000 }));
  await pause(1500);
  for (const alpn of [undefined, ["http/1.1"]]) {
    const asked = Date.now();
    same((await request({ ...server, alpn }, "GET /healthz HTTP/1.1\nHost: x")).status, 200, "status");
    check(Date.now() - asked < 1500, `an answer after ${Date.now() - asked} ms`);
  }
  await Promise.all(dribblers);
  check(Date.now() - began < 10000, `the last one stayed ${Date.now() - began} ms`);
});

test("without descriptors it rests, and goes on when there are some again", async (defer) => {
  const server = await start(defer, false);
  const pid = `${server.child.pid}`;
  execFileSync("prlimit", ["--pid", pid, "--nofile=64"]);
  const many = Array.from({ length: 120 }, () => net.connect(server.port, "127.0.0.1").on("error", () => {}));
  defer(() => many.forEach((socket) => socket.destroy()));
  await pause(500);
  const ticks = () => readFileSync(`/proc/${pid}/stat`, "latin1").split(" ").slice(13, 15).reduce((sum, one) => sum + Number(one), 0);
  const before = ticks();
  await pause(1000);
  check(ticks() - before < 20, `it used ${ticks() - before} ticks of a hundred`);
  many.forEach((socket) => socket.destroy());
  same((await within(5000, get(server, "/healthz"), "an answer")).status, 200, "status");
});

test("a taken port is named before anything else starts", async (defer) => {
  const other = net.createServer();
  await new Promise((resolve) => other.listen(0, "127.0.0.1", resolve));
  defer(() => new Promise((resolve) => other.close(resolve)));
  const result = await yodel("serve", "--listen", `127.0.0.1:${other.address().port}`, ...relay);
  same(result.code, 1, "exit code");
  check(result.err.includes("--listen"), result.err);
});

await runAll();
