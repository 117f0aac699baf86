// yodel serve as a relay: coturn's client against it, over each transport; who is refused; what hostile clients get.

import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import dgram from "node:dgram";
import { writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { Client, check, get, makeFolder, metric, runAll, same, serve, test, until, within, yodel } from "./lib/cases.mjs";
import { makeCertificate } from "./lib/certificate.mjs";
import { uclient } from "./lib/coturn.mjs";
import { UDP, attribute, attributeOf, connected, message, peerAt, portOf } from "./lib/turn.mjs";

const base = ["--udp", "127.0.0.1:0", "--turn-user", "alice:wonder", "--turn-realm", "e2e"];
const loopback = ["--turn-allow", "127.0.0.0/8"];

function certificate(defer) {
  const { key, cert } = makeCertificate(makeFolder(defer));
  return ["--tls-cert", cert, "--tls-key", key];
}

for (const [name, more] of [["UDP", []], ["TCP", ["-t"]]]) {
  test(`coturn's client relays over ${name}, and not with a wrong password`, async (defer) => {
    const server = await serve(defer, ...base, ...loopback);
    const good = await uclient(portOf(server), "wonder", more);
    check(good.sent > 0 && good.got === good.sent, good.out.slice(-500));
    check((await metric(server, 'turn_relayed_packets_total{way="to_peers"}')) >= good.sent, "metrics count");
    const before = await metric(server, "turn_allocations_total");
    const bad = await uclient(portOf(server), "wrong", more);
    same(bad.got, 0, "with a wrong password");
    same(await metric(server, "turn_allocations_total"), before, "allocations");
  });
}

// It takes channels from 0x4000 to 0x7FFF, as RFC 5766 had it.
test("coturn's client relays in channels of its own choice", async (defer) => {
  const server = await serve(defer, ...base, ...loopback);
  const result = await uclient(portOf(server), "wonder", [], ["-y"], ["-c"]);
  check(result.sent > 0 && result.got === result.sent, result.out.slice(-500));
});

test("coturn's client relays over TLS, on the port that TCP has as well", async (defer) => {
  const server = await serve(defer, ...base, ...loopback, ...certificate(defer), "--turn-tls", "off");
  const good = await uclient(portOf(server), "wonder", ["-t", "-S"]);
  // Two that come with one read count as one to coturn's client over TLS, from its own server too: the server's count tells.
  check(good.sent > 0 && good.got > 0, good.out.slice(-500));
  for (const way of ["to_peers", "to_clients"]) {
    same(await metric(server, `turn_relayed_packets_total{way="${way}"}`), good.sent, way);
  }
});

test("a private peer is refused unless it is allowed", async (defer) => {
  const server = await serve(defer, ...base);
  const result = await uclient(portOf(server), "wonder", [], ["-e", "10.1.2.3"]);
  same(result.got, 0, "relayed");
  check((await metric(server, 'turn_errors_total{code="403"}')) > 0, "403");
});

test("bad options of the relay abort the start with a sentence", async () => {
  for (const [args, want] of [
    [["--turn-allow", "10.0.0.0/33"], "--turn-allow wants"],
    [["--turn-allow", "example.org"], "--turn-allow wants"],
    [["--turn-user", "alice"], "--turn-user wants NAME:PASSWORD"],
    [["--turn-realm", "x".repeat(99)], "--turn-realm wants"],
    [["--turn-external", "nowhere"], "--turn-external wants"],
    [["--turn-external", "224.0.0.1"], "--turn-external wants"],
    [["--turn-external", "192.0.2.1,192.0.2.2"], "--turn-external wants"],
    [["--turn-ports", "9-5"], "--turn-ports wants"],
    [["--turn-secret", "/nowhere"], "cannot read /nowhere"],
    [["--turn-secret", "/"], "cannot read /"],
  ]) {
    const result = await yodel("serve", "--listen", "127.0.0.1:0", "--udp", "127.0.0.1:0", ...args);
    same(result.code, want.startsWith("cannot read") ? 1 : 2, args.join(" "));
    check(result.err.includes(want), `${args.join(" ")}: ${result.err}`);
  }
});

test("signaling hands out credentials, fresh ones for each client", async (defer) => {
  const server = await serve(defer, "--udp", "127.0.0.1:0");
  const names = new Set();
  for (let i = 0; i < 2; i++) {
    const client = await Client.open(server);
    const turn = (await client.next()).ice_servers.find(({ urls }) => urls[0].startsWith("turn:"));
    check(turn.urls.includes(`turn:127.0.0.1:${portOf(server)}?transport=udp`), JSON.stringify(turn));
    check(turn.urls.includes(`turn:127.0.0.1:${portOf(server)}?transport=tcp`), JSON.stringify(turn));
    check(Number(turn.username.split(":")[0]) > Date.now() / 1000 + 3600, turn.username);
    check(turn.credential.length === 28, "credential");
    names.add(turn.username);
  }
  same(names.size, 2, "names");
});

test("without TURN nobody is told of a relay", async (defer) => {
  const server = await serve(defer, "--udp", "127.0.0.1:0", "--turn", "off");
  const client = await Client.open(server);
  const { ice_servers: servers } = await client.next();
  same(servers.length, 1, "servers");
  check(servers[0].urls[0].startsWith("stun:"), servers[0].urls[0]);
});

test("a user who is taken out of the file cannot come back", async (defer) => {
  const folder = makeFolder(defer);
  const file = join(folder, "users");
  writeFileSync(file, "alice:wonder\n");
  const server = await serve(defer, "--udp", "127.0.0.1:0", "--turn-user-file", file, ...loopback);
  check((await uclient(portOf(server), "wonder")).got > 0, "before");
  writeFileSync(file, "bob:builder\n");
  server.child.kill("SIGHUP");
  await until("the reload", () => server.err.includes("were read again"));
  same((await uclient(portOf(server), "wonder")).got, 0, "after");
});

// ---- a client of our own, over TCP

// One that has an allocation, a permission for a peer, and that peer.
async function relayed(defer, server) {
  const peer = dgram.createSocket("udp4");
  const heard = [];
  peer.on("message", (data) => heard.push(data));
  await new Promise((resolve) => peer.bind(0, "127.0.0.1", resolve));
  defer(() => peer.close());
  const client = await connected(defer, server);
  same((await client.ask(3, [UDP])).readUInt16BE(0), 0x103, "allocated");
  const to = peerAt(peer.address().port);
  same((await client.ask(8, [to])).readUInt16BE(0), 0x108, "permitted");
  return { ...client, to, heard };
}

const hears = (heard, count) => until("what was sent", () => heard.length >= count, 3000);

test("messages that come in parts are relayed as they were", async (defer) => {
  const server = await serve(defer, ...base, ...loopback);
  const { socket, to, heard } = await relayed(defer, server);

  // The second begins in the segment that ends the first, and both lie in the same place of the server's.
  const data = [1, 2, 3].map((fill) => Buffer.alloc(400, fill));
  const all = Buffer.concat(data.map((bytes) => message(0x16, [to, attribute(0x13, bytes)])));
  const length = all.length / data.length;
  for (const [from, end] of [[0, 200], [200, length + 300], [length + 300, 2 * length + 2], [2 * length + 2, all.length]]) {
    socket.write(all.subarray(from, end));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await hears(heard, data.length);
  data.forEach((bytes, i) => check(heard[i].equals(bytes), `message ${i} is another: ${heard[i].subarray(0, 16).toString("hex")}`));
});

// ---- hostile streams

// What a server does with these bytes: how long it keeps the connection, and what it says.
function stream(port, pieces, ms) {
  return new Promise((resolve) => {
    const started = Date.now();
    const socket = net.connect(port, "127.0.0.1");
    let got = Buffer.alloc(0);
    const end = setTimeout(() => socket.destroy(), ms);
    socket.on("data", (data) => (got = Buffer.concat([got, data])));
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(end);
      resolve({ got, lasted: Date.now() - started });
    });
    socket.on("connect", async () => {
      for (const piece of pieces) {
        socket.write(piece);
        await new Promise((done) => setTimeout(done, 40));
      }
    });
  });
}

const binding = (id) => Buffer.concat([Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]), Buffer.alloc(12, id)]);

test("T15: two messages in one segment, and one in pieces, are answered", async (defer) => {
  const port = portOf(await serve(defer, ...base));
  const two = await stream(port, [Buffer.concat([binding(1), binding(2)])], 1000);
  same(two.got.length, 64, "two answers of 32 bytes");
  const pieces = await stream(port, [...binding(3)].map((byte) => Buffer.from([byte])), 2000);
  same(pieces.got.length, 32, "an answer");
});

test("T15: garbage, HTTP and ChannelData at first end the connection at once", async (defer) => {
  const port = portOf(await serve(defer, ...base));
  for (const bytes of ["\xff\xff\xff\xff", "GET / HTTP/1.1\r\n\r\n", "\x40\x00\x00\x04abcd", "\x00\x01\x00\x00abcdefgh"]) {
    const { got, lasted } = await stream(port, [Buffer.from(bytes, "latin1")], 5000);
    same(got.length, 0, "no answer");
    check(lasted < 4000, `${JSON.stringify(bytes)} was let stay`);
  }
});

test("T15, L8: who says nothing, or not all, is gone in ten seconds", async (defer) => {
  const port = portOf(await serve(defer, ...base));
  const silent = stream(port, [], 20000);
  const half = stream(port, [binding(1).subarray(0, 12)], 20000);
  const legit = await stream(port, [binding(4)], 500);
  same(legit.got.length, 32, "others are served");
  for (const { lasted } of await Promise.all([silent, half])) check(lasted < 13000, `stayed ${lasted} ms`);
});

// ---- workers

test("three workers relay to each other's relays, over UDP and TCP, while users are read again", async (defer) => {
  const folder = makeFolder(defer);
  const file = join(folder, "users");
  writeFileSync(file, "bob:builder\n");
  const server = await serve(defer, ...base, ...loopback, "--workers", "3", "--turn-user-file", file);
  const reloading = setInterval(() => {
    writeFileSync(file, `bob:${randomBytes(8).toString("hex")}\n`);
    server.child.kill("SIGHUP");
  }, 100);
  defer(() => clearInterval(reloading));
  const many = ["-m", "8", "-n", "60"];
  const results = await Promise.all([uclient(portOf(server), "wonder", many), uclient(portOf(server), "wonder", ["-t", ...many])]);
  for (const { sent, got, out } of results) check(sent > 0 && got === sent, out.slice(-500) + server.err);
  check(server.err.includes("were read again"), "the reload");
  const sent = results[0].sent + results[1].sent;
  await until("the counts of all", async () => (await metric(server, 'turn_relayed_packets_total{way="to_clients"}')) === sent);
});

test("a token that one worker gave is good at another", async (defer) => {
  const server = await serve(defer, ...base, ...loopback, "--workers", "4");
  const result = await uclient(portOf(server), "wonder", ["-m", "6"], ["-y"], ["-s"]); // Pairs of ports: RTP and RTCP.
  check(result.sent > 0 && result.got === result.sent, result.out.slice(-500));
});

test("limits are of all workers together", async (defer) => {
  const server = await serve(defer, ...base, ...loopback, "--workers", "4", "--turn-allocations-per-user", "3");
  await uclient(portOf(server), "wonder", ["-m", "4"]);
  await until("a refusal", async () => (await metric(server, 'turn_errors_total{code="486"}')) > 0);
  await until("three", async () => (await metric(server, "turn_allocations_total")) === 3);
});

test("SIGTERM ends no relay of any worker's before it is over", async (defer) => {
  const server = await serve(defer, ...base, ...loopback, "--workers", "3", "--drain", "60");
  const relaying = uclient(portOf(server), "wonder", ["-m", "6", "-n", "50"]);
  const isRelaying = async () => (await metric(server, 'turn_relayed_packets_total{way="to_peers"}')) > 20;
  await until("allocations", isRelaying, 15000);
  server.child.kill("SIGTERM");
  const { sent, got, out } = await relaying;
  check(sent > 0 && got === sent, out.slice(-500) + server.err);
  server.child.kill("SIGTERM"); // coturn's client leaves one behind.
  same((await within(5000, server.ended, "the end")).code, 143, "exit code");
});

// ---- end

test("SIGTERM lets a relay in use go on, refuses new ones, and ends with 0 once it has ended", async (defer) => {
  const server = await serve(defer, ...base, ...loopback);
  const [old, late] = [await relayed(defer, server), await connected(defer, server)];
  server.child.kill("SIGTERM");
  await until("the notice", () => server.err.includes("go on for at most 30 s"), 3000);
  const refusal = await late.ask(3, [UDP]);
  same(refusal.readUInt16BE(0), 0x113, "an error");
  same(attributeOf(refusal, 9).subarray(2, 4).toString("hex"), "0508", "which");
  old.socket.write(message(0x16, [old.to, attribute(0x13, Buffer.from("still there"))]));
  await hears(old.heard, 1);
  const health = await get(server, "/healthz");
  check(health.status === 503 && health.body.includes("stopping"), JSON.stringify(health));
  same((await old.ask(4, [attribute(0xd, Buffer.alloc(4))])).readUInt16BE(0), 0x104, "given back");
  same((await within(3000, server.ended, "the end")).code, 0, "exit code");
});

test("a relay in use does not hold the server up for longer than it may, nor over Ctrl-C or a second signal", async (defer) => {
  for (const [drain, signals, code, least, most] of [
    ["1", ["SIGTERM"], 0, 900, 4000],
    ["0", ["SIGTERM"], 0, 0, 3000],
    ["30", ["SIGINT"], 0, 0, 3000],
    ["30", ["SIGTERM", "SIGTERM"], 143, 0, 3000],
  ]) {
    const server = await serve(defer, ...base, ...loopback, "--drain", drain);
    await relayed(defer, server);
    const began = Date.now();
    for (const signal of signals) {
      server.child.kill(signal);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const what = `${signals} with ${drain} s`;
    same((await within(most, server.ended, what)).code, code, what);
    check(Date.now() - began >= least, `${what}: ended after ${Date.now() - began} ms`);
  }
});

test("garbage and strangers cost no memory, and legitimate requests are answered meanwhile", async (defer) => {
  const server = await serve(defer, ...base);
  const port = portOf(server);
  const rss = () => Number(execFileSync("ps", ["-o", "rss=", "-p", `${server.child.pid}`]).toString());
  const flood = dgram.createSocket("udp4");
  const asker = dgram.createSocket("udp4");
  defer(() => (flood.close(), asker.close()));
  let answers = 0;
  asker.on("message", () => answers++);
  const allocate = Buffer.concat([Buffer.from([0, 3, 0, 8, 0x21, 0x12, 0xa4, 0x42]), Buffer.alloc(12, 7),
    Buffer.from([0, 0x19, 0, 4, 17, 0, 0, 0])]);
  const before = rss();
  for (let round = 0; round < 40; round++) {
    for (let i = 0; i < 250; i++) flood.send(i % 2 ? allocate : Buffer.alloc(100, i), port, "127.0.0.1");
    asker.send(binding(round), port, "127.0.0.1");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  same(answers, 40, "answers");
  check(rss() - before <= 1024, `memory grew by ${rss() - before} KiB`);
  same(await metric(server, "turn_allocations"), 0, "allocations");
});

await runAll();
