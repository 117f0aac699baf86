// The doctor's verdicts, from what a browser found.

import assert from "node:assert/strict";
import { test } from "node:test";
import { candidateOf, isByAddress, judgeHosts, judgeRelay, judgeStun, portOf, serversOf, type OneServer } from "../src/doctor.ts";

const relay: OneServer = { url: "turn:a.example:3478?transport=udp", kind: "turn-udp", server: { urls: [] } };
const nothing = { relayed: "", roundTrip: undefined, setUp: 0, errors: [] };

test("each URL becomes a server of its own, with its credentials, and there are not too many", () => {
  const all = serversOf([
    { urls: "stun:a.example" },
    { urls: ["turn:a.example", "turn:a.example?transport=tcp", "turns:a.example:443?transport=tcp"], username: "u", credential: "p" },
  ]);
  assert.deepEqual(all.map((one) => one.kind), ["stun", "turn-udp", "turn-tcp", "turn-tls"]);
  assert.deepEqual(all[3]?.server, { urls: ["turns:a.example:443?transport=tcp"], username: "u", credential: "p" });
  assert.equal(serversOf([{ urls: Array.from({ length: 99 }, () => "stun:a.example") }]).length, 8);
});

test("a URL's port is its own, or that of its scheme", () => {
  for (const [url, port] of [
    ["stun:a.example", "3478"],
    ["turn:a.example:99?transport=tcp", "99"],
    ["turns:a.example", "5349"],
    ["turn:[2001:db8::1]:7", "7"],
  ] as const) {
    assert.equal(portOf(url), port);
  }
});

test("a host that is an address is told from one that has a name", () => {
  for (const url of ["turns:192.0.2.1", "turns:192.0.2.1:443?transport=tcp", "turn:192.0.2.1?transport=tcp", "turns:[2001:db8::1]:7"]) {
    assert.ok(isByAddress(url), url);
  }
  for (const url of ["turns:a.example", "turns:192.0.2.1.example:443", "turns:1a:5", "192.0.2.1"]) assert.ok(!isByAddress(url), url);
});

test("a candidate's line is read, and what is none is not", () => {
  assert.deepEqual(candidateOf("candidate:1 1 udp 2122 192.0.2.1 5000 typ host generation 0"), { type: "host", address: "192.0.2.1" });
  assert.deepEqual(candidateOf("candidate:1 1 UDP 1 a-b.local 9 typ host"), { type: "host", address: "a-b.local" });
  for (const line of ["", "candidate:", "typ host", "candidate:1 1 udp 1 x 1 host typ", "a b c d e f typ"]) {
    assert.equal(candidateOf(line), undefined);
  }
});

test("a browser without addresses fails, hidden ones are fine", () => {
  assert.equal(judgeHosts([])[0]?.verdict, "fail");
  assert.match(judgeHosts([{ type: "host", address: "x.local" }])[0]?.detail ?? "", /mDNS/);
  assert.match(judgeHosts([{ type: "host", address: "192.0.2.1" }])[0]?.detail ?? "", /192\.0\.2\.1/);
  assert.match(judgeHosts([{ type: "host", address: "2001:db8::1" }])[1]?.detail ?? "", /is a global/);
  assert.match(judgeHosts([{ type: "host", address: "fe80::1" }])[1]?.detail ?? "", /No global/);
});

test("STUN is judged by the address that it told", () => {
  const url = "stun:a.example:77";
  assert.equal(judgeStun(url, [{ type: "srflx", address: "203.0.113.1" }]).verdict, "ok");
  assert.equal(judgeStun(url, [{ type: "host", address: "192.0.2.1" }]).verdict, "warn");
  const none = judgeStun(url, []);
  assert.equal(none.verdict, "fail");
  assert.match(none.fix, /UDP 77/);
});

test("a relay is judged by what came through it, else by its error", () => {
  assert.equal(judgeRelay(relay, { ...nothing, relayed: "192.0.2.1", roundTrip: 1.23 }).verdict, "ok");
  for (const [carried, fix] of [
    [{ ...nothing, relayed: "10.0.0.1" }, /turn-external/],
    [{ ...nothing, errors: [701, 401] }, /turn-user/],
    [{ ...nothing, errors: [486] }, /per-user/],
    [{ ...nothing, errors: [508] }, /turn-ports/],
    [nothing, /Open UDP 3478/],
  ] as const) {
    const finding = judgeRelay(relay, { ...carried, errors: [...carried.errors] });
    assert.equal(finding.verdict, "fail");
    assert.match(finding.fix, fix);
  }
  const byAddress = { ...relay, kind: "turn-tls", url: "turns:192.0.2.1:5349" } as const;
  assert.match(judgeRelay(byAddress, nothing).fix, /by the server's name/);
});
