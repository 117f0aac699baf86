// Relays for TCP (RFC 6062) from outside: coturn's tools, and clients and peers that mean harm.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import { check, makeFolder, metric, runAll, same, serve, test, until, within, yodel } from "./lib/cases.mjs";
import { makeCertificate } from "./lib/certificate.mjs";
import { uclient } from "./lib/coturn.mjs";
import {
  TCP, allocated, attribute, attributeOf, bound, connect, connected, errorOf, gone, listening, peerAt, portOf,
} from "./lib/turn.mjs";

const base = ["--udp", "127.0.0.1:0", "--turn-user", "alice:wonder", "--turn-user", "bob:builder", "--turn-realm", "e2e"];
const loopback = ["--turn-allow", "127.0.0.0/8"];
const on = ["--turn-tcp-relays", "on"];

// ---- coturn's tools

for (const [name, more] of [
  ["", []],
  [", over TLS", ["-S"]],
]) {
  test(`coturn's clients relay to each other over TCP${name}`, async (defer) => {
    const { key, cert } = makeCertificate(makeFolder(defer));
    const server = await serve(defer, ...base, ...loopback, ...on, "--tls-cert", cert, "--tls-key", key);
    const result = await uclient(portOf(server), "wonder", ["-T", "-n", "20", "-m", "2", ...more], [], []);
    check(result.sent > 0 && result.got === result.sent, result.out.slice(-800));
    check((await metric(server, "turn_connections_total")) > 0, "connections were counted");
    await until("that all have ended", async () => (await metric(server, "turn_connections")) === 0);
  });
}

// Passive ones: half of what is sent is never answered, by coturn's own server neither; what counts is that it arrives.
test("coturn's clients hear of peers that come by themselves", async (defer) => {
  const server = await serve(defer, ...base, ...loopback, ...on);
  const result = await uclient(portOf(server), "wonder", ["-T", "-m", "2", "-P"], [], []);
  check(result.sent > 0 && result.got * 2 === result.sent, result.out.slice(-800));
  check((await metric(server, "turn_connections_total")) > 0, "connections were counted");
});

// ---- a client of our own

for (const isTls of [false, true]) {
  test(`bytes go both ways, also those behind the ConnectionBind and before it${isTls ? ", over TLS" : ""}`, async (defer) => {
    const { key, cert } = makeCertificate(makeFolder(defer));
    const server = await serve(defer, ...base, ...loopback, ...on, "--tls-cert", cert, "--tls-key", key);
    const peer = await listening(defer);
    const control = await allocated(defer, server, "alice", isTls);
    const id = await connect(control, peer.port);
    await until("the peer's side", () => peer.streams.length === 1);
    same(peer.streams[0].remotePort, control.relayed, "the port that it comes from");
    peer.streams[0].write("early");
    const data = await bound(defer, server, id, "alice", isTls, Buffer.from("at once"));
    await until("what came early", () => data.got.toString() === "early");
    await until("what was behind", () => peer.got.toString() === "at once");
    const much = randomBytes(3 << 20);
    data.socket.write(much);
    peer.streams[0].write(much);
    await until("much to the peer", () => peer.got.length === much.length + 7, 15000);
    await until("much to the client", () => data.got.length === much.length + 5, 15000);
    check(peer.got.subarray(7).equals(much) && data.got.subarray(5).equals(much), "whole and in order");
    same((await metric(server, 'turn_relayed_bytes_total{way="to_peers"}')), much.length + 7, "counted");
    peer.streams[0].end("last");
    await until("the last", () => data.got.subarray(-4).toString() === "last");
    await gone(data, "the client's end after the peer's");
    check(!control.isClosed, "the control connection stays");
  });
}

test("who has said all is heard to the end, at either side; then both ends close", async (defer) => {
  const server = await serve(defer, ...base, ...loopback, ...on);
  const peer = await listening(defer);
  const control = await allocated(defer, server);
  const data = await bound(defer, server, await connect(control, peer.port));
  const much = randomBytes(1 << 20);
  data.socket.end(much);
  await until("all of it at the peer", () => peer.got.length === much.length);
  await until("its end", () => peer.streams[0].readableEnded);
  await gone(data, "the client's");
  await until("that it is gone", async () => (await metric(server, "turn_connections")) === 0);
  const other = await listening(defer);
  const early = await connect(control, other.port);
  await until("the peer's side", () => other.streams.length === 1);
  other.streams[0].end("before it is bound");
  const late = await bound(defer, server, early);
  await until("what was said before", () => late.got.toString() === "before it is bound");
  await gone(late, "the client's, too");
});

test("who has a permission may come, and others may not", async (defer) => {
  const server = await serve(defer, ...base, ...loopback, ...on);
  const control = await allocated(defer, server);
  const come = async () => {
    const stream = net.connect({ port: control.relayed, host: "127.0.0.1" });
    defer(() => stream.destroy());
    stream.on("error", () => {});
    await once(stream, "connect");
    return stream;
  };
  const stranger = await come();
  await within(3000, once(stranger, "close"), "the end of a stranger");
  same(errorOf(await control.ask(8, [peerAt(0)])), 0, "CreatePermission");
  const friend = await come();
  const attempt = await control.next();
  same(attempt.readUInt16BE(0), 0x1c, "a ConnectionAttempt");
  same(attributeOf(attempt, 0x12).readUInt16BE(2) ^ 0x2112, friend.localPort, "whose it is");
  friend.write("hello");
  const data = await bound(defer, server, attribute(0x2a, attributeOf(attempt, 0x2a)));
  await until("hello", () => data.got.toString() === "hello");
  data.socket.destroy();
  await within(3000, once(friend, "close"), "the peer's end after the client's");
});

test("options that make no sense abort the start with a sentence", async () => {
  for (const [args, want] of [
    [["--turn-tcp-relays", "maybe"], "--turn-tcp-relays is on or off"],
    [["--turn-tcp-relays", "on", "--turn", "off"], "--turn-tcp-relays is about relays"],
  ]) {
    const result = await yodel("serve", "--listen", "127.0.0.1:0", ...args);
    check(result.code !== 0 && result.err.includes(want), result.err);
  }
});

test("without the option there are none", async (defer) => {
  const client = await connected(defer, await serve(defer, ...base, ...loopback));
  same(errorOf(await client.ask(3, [TCP])), 442, "Allocate");
});

test("T17 to T20: ids that are guessed, used, somebody else's, or of the control connection", async (defer) => {
  const server = await serve(defer, ...base, ...loopback, ...on);
  const peer = await listening(defer);
  const control = await allocated(defer, server);
  const id = await connect(control, peer.port);
  const stranger = await connected(defer, server, "bob");
  same(errorOf(await stranger.ask(11, [id])), 400, "bob's");
  same(errorOf(await control.ask(11, [id])), 400, "of the control connection");
  const guess = await connected(defer, server);
  for (let i = 0; i < 100; i++) {
    same(errorOf(await guess.ask(11, [attribute(0x2a, randomBytes(4))])), 400, "a guess");
  }
  await bound(defer, server, id);
  same(errorOf(await guess.ask(11, [id])), 400, "the second time");
});

test("T21: nobody connects to what is inside, nor to our own listeners", async (defer) => {
  const closed = await allocated(defer, await serve(defer, ...base, ...on));
  const peer = await listening(defer);
  same(errorOf(await closed.ask(10, [peerAt(peer.port)])), 403, "loopback");
  const server = await serve(defer, ...base, ...loopback, ...on);
  const open = await allocated(defer, server);
  const own = [portOf(server), server.port, open.relayed];
  for (const port of own) {
    check(port > 0, "a port");
    same(errorOf(await open.ask(10, [peerAt(port)])), 403, `port ${port}`);
  }
  same(peer.streams.length, 0, "streams at the peer");
});

test("T22: floods of connections stop at the limits; who is refused hears why", async (defer) => {
  const server = await serve(defer, ...base, ...loopback, ...on);
  const control = await allocated(defer, server);
  const peers = [];
  for (let i = 0; i < 17; i++) peers.push(await listening(defer));
  for (const peer of peers.slice(0, 16)) await connect(control, peer.port);
  same(errorOf(await control.ask(10, [peerAt(peers[16].port)])), 508, "one too many");
  same(errorOf(await control.ask(10, [peerAt(peers[0].port)])), 446, "one that is there");
  same(errorOf(await control.ask(8, [peerAt(0)])), 0, "CreatePermission");
  for (let i = 0; i < 50; i++) {
    const stream = net.connect({ port: control.relayed, host: "127.0.0.1" });
    stream.on("error", () => {});
    defer(() => stream.destroy());
    await within(3000, once(stream, "close"), "the end of one too many");
  }
  same(await metric(server, "turn_connections"), 16, "connections");
  same(await metric(server, 'turn_dropped_total{reason="connections"}'), 50, "that came");
});

test("a peer where nobody listens is answered with 447, and again", async (defer) => {
  const server = await serve(defer, ...base, ...loopback, ...on);
  const control = await allocated(defer, server);
  for (let i = 0; i < 3; i++) same(errorOf(await control.ask(10, [peerAt(9)])), 447, "Connect");
  same(await metric(server, 'turn_errors_total{code="447"}'), 3, "counted");
});

test("T23: a peer, or a client, that never reads holds the other one up, and costs little", async (defer) => {
  const server = await serve(defer, ...base, ...loopback, ...on);
  const peer = await listening(defer, { pauseOnConnect: true });
  const control = await allocated(defer, server);
  const data = await bound(defer, server, await connect(control, peer.port));
  const piece = randomBytes(1 << 20);
  for (let i = 0; i < 64; i++) data.socket.write(piece);
  let before = -1;
  await until(
    "that it stands still",
    async () => {
      const now = await metric(server, 'turn_relayed_bytes_total{way="to_peers"}');
      const isStill = now === before;
      before = now;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return isStill;
    },
    15000,
  );
  check(before < 64 << 20, `it took ${before} bytes`);
  same(errorOf(await control.ask(4, [])), 0, "others are served meanwhile");
  peer.streams[0].on("data", (bytes) => (peer.count = (peer.count ?? 0) + bytes.length));
  peer.streams[0].resume();
  await until("all of it", () => peer.count === 64 << 20, 20000);
});

test("T25: a client that vanishes takes all that it had along", async (defer) => {
  const server = await serve(defer, ...base, ...loopback, ...on);
  const peers = [await listening(defer), await listening(defer)];
  const control = await allocated(defer, server);
  const data = await bound(defer, server, await connect(control, peers[0].port));
  await connect(control, peers[1].port);
  await until("both", () => peers.every((peer) => peer.streams.length === 1));
  control.socket.destroy();
  await gone(data, "the data connection");
  await until("the peers'", () => peers.every((peer) => peer.streams[0].destroyed || peer.streams[0].readableEnded));
  await until("the counts", async () => (await metric(server, "turn_connections")) + (await metric(server, "turn_ports")) === 0);
  const again = await allocated(defer, server); // Nothing is left in the way.
  await connect(again, peers[0].port);
});

test("L16: --turn-rate is for streams, too", async (defer) => {
  const server = await serve(defer, ...base, ...loopback, ...on, "--turn-rate", "100000");
  const peer = await listening(defer);
  const control = await allocated(defer, server);
  const data = await bound(defer, server, await connect(control, peer.port));
  const started = Date.now();
  data.socket.write(randomBytes(400000)); // A second's worth at once, and then three seconds.
  await until("all of it", () => peer.got.length === 400000, 10000);
  const took = Date.now() - started;
  check(took > 1800 && took < 6000, `it took ${took} ms`);
});

test("SIGTERM ends a server with connections in order", async (defer) => {
  const server = await serve(defer, ...base, ...loopback, ...on, "--drain", "0");
  const peer = await listening(defer);
  const control = await allocated(defer, server);
  const data = await bound(defer, server, await connect(control, peer.port));
  server.child.kill("SIGTERM");
  same((await within(8000, server.ended, "the server's end")).code, 0, "its code");
  await gone(data, "the data connection");
});

test("a server that drains lets connections go on, and ends with the last", async (defer) => {
  const server = await serve(defer, ...base, ...loopback, ...on, "--drain", "20");
  const peer = await listening(defer);
  const control = await allocated(defer, server);
  const data = await bound(defer, server, await connect(control, peer.port));
  const late = await connected(defer, server);
  server.child.kill("SIGTERM");
  await until("that it drains", () => server.err.includes("go on for at most 20 s"));
  same(errorOf(await late.ask(3, [TCP])), 508, "a new relay");
  data.socket.write("still");
  await until("what is said meanwhile", () => peer.got.toString() === "still");
  const second = await listening(defer);
  await connect(control, second.port);
  control.socket.destroy();
  same((await within(8000, server.ended, "the server's end")).code, 0, "its code");
  await gone(data, "the data connection");
});

await runAll();
