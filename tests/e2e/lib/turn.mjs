// A client of TURN that says what it is told to, over UDP, TCP or TLS.

import { createHash, createHmac, randomBytes } from "node:crypto";
import dgram from "node:dgram";
import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { same, until, within } from "./cases.mjs";

// The UDP port, which TCP has too.
export const portOf = (server) => Number(/on UDP 127\.0\.0\.1:(\d+)/.exec(server.out)[1]);

const passwords = { alice: "wonder", bob: "builder" };

// ---- messages

export const attribute = (type, value) => {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value, Buffer.alloc(-value.length & 3)]);
};

// With a key: the USERNAME, REALM and NONCE that go with it are among the attributes already.
export function message(type, attributes, key) {
  const body = Buffer.concat(attributes);
  const head = Buffer.concat([Buffer.alloc(4), Buffer.from([0x21, 0x12, 0xa4, 0x42]), randomBytes(12)]);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(body.length + (key ? 24 : 0), 2);
  const whole = Buffer.concat([head, body]);
  return key ? Buffer.concat([whole, attribute(8, createHmac("sha1", key).update(whole).digest())]) : whole;
}

export function attributeOf(answer, wanted) {
  for (let at = 20; at < answer.length; at += 4 + ((answer.readUInt16BE(at + 2) + 3) & ~3)) {
    if (answer.readUInt16BE(at) === wanted) return answer.subarray(at + 4, at + 4 + answer.readUInt16BE(at + 2));
  }
  throw new Error(`no attribute ${wanted}`);
}

export const errorOf = (answer) => {
  if ((answer.readUInt16BE(0) & 0x110) !== 0x110) return 0;
  const value = attributeOf(answer, 9);
  return value[2] * 100 + value[3];
};

export const UDP = attribute(0x19, Buffer.from([17, 0, 0, 0]));
export const TCP = attribute(0x19, Buffer.from([6, 0, 0, 0]));

// XOR-PEER-ADDRESS.
export const peerAt = (port, ip = "127.0.0.1") => {
  const cookie = [0x21, 0x12, 0xa4, 0x42];
  const value = Buffer.from([0, 1, 0, 0, ...ip.split(".").map((byte, i) => Number(byte) ^ cookie[i])]);
  value.writeUInt16BE(port ^ 0x2112, 2);
  return attribute(0x12, value);
};

// ---- clients

// What proves who it is, from a challenge.
function learn(client, challenge, user) {
  client.proof = [
    attribute(6, Buffer.from(user)),
    attribute(0x14, attributeOf(challenge, 0x14)),
    attribute(0x15, attributeOf(challenge, 0x15)),
  ];
  client.key = createHash("md5").update(`${user}:e2e:${passwords[user]}`).digest();
}

// A stream that knows how to prove who it is: `ask` gives one whole message.
export async function connected(defer, server, user = "alice", isTls = false) {
  const options = { port: portOf(server), host: "127.0.0.1", rejectUnauthorized: false };
  const socket = isTls ? tls.connect(options) : net.connect(options);
  const client = { socket, got: Buffer.alloc(0), isClosed: false };
  socket.setNoDelay(true);
  socket.on("error", () => {});
  socket.on("close", () => (client.isClosed = true));
  socket.on("data", (data) => (client.got = Buffer.concat([client.got, data])));
  defer(() => socket.destroy());
  client.next = async (ms = 5000) => {
    const length = () => (client.got.length < 20 ? 20 : 20 + client.got.readUInt16BE(2));
    await until("a message", () => client.got.length >= length(), ms);
    const one = client.got.subarray(0, length());
    client.got = client.got.subarray(length());
    return one;
  };
  client.send = (type, attributes, behind = Buffer.alloc(0)) =>
    socket.write(Buffer.concat([message(type, [...attributes, ...client.proof], client.key), behind]));
  client.ask = async (type, attributes, behind) => {
    client.send(type, attributes, behind);
    return await client.next();
  };
  socket.write(message(3, [UDP]));
  learn(client, await client.next(), user);
  return client;
}

// The same over UDP.
export async function spoken(defer, server, user = "alice") {
  const socket = dgram.createSocket("udp4");
  const client = { socket };
  defer(() => socket.close());
  await new Promise((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const exchange = async (bytes) => {
    const answer = new Promise((resolve) => socket.once("message", resolve));
    const send = () => socket.send(bytes, portOf(server), "127.0.0.1");
    const again = setInterval(send, 500); // Whoever challenges too many at once is silent.
    send();
    return await within(3000, answer, "an answer").finally(() => clearInterval(again));
  };
  client.ask = (type, attributes) => exchange(message(type, [...attributes, ...client.proof], client.key));
  learn(client, await exchange(message(3, [UDP])), user);
  return client;
}

// With a relay for TCP; `relayed` is its port.
export async function allocated(defer, server, user, isTls) {
  const client = await connected(defer, server, user, isTls);
  const answer = await client.ask(3, [TCP]);
  same(errorOf(answer), 0, "Allocate");
  client.relayed = attributeOf(answer, 0x16).readUInt16BE(2) ^ 0x2112;
  return client;
}

// ---- RFC 6062: peers, and connections with them

// Somebody who listens; `streams` are those who came.
export async function listening(defer, { host = "127.0.0.1", ...options } = {}) {
  const peer = { streams: [], got: Buffer.alloc(0) };
  const server = net.createServer({ ...options, allowHalfOpen: false }, (stream) => {
    peer.streams.push(stream);
    stream.on("error", () => {});
    if (!options.pauseOnConnect) stream.on("data", (data) => (peer.got = Buffer.concat([peer.got, data])));
  });
  server.listen(0, host);
  await once(server, "listening");
  defer(() => {
    peer.streams.forEach((stream) => stream.destroy());
    server.close();
  });
  peer.port = server.address().port;
  return peer;
}

export async function connect(client, port, ip) {
  const answer = await client.ask(10, [peerAt(port, ip)]);
  same(errorOf(answer), 0, "Connect");
  return attribute(0x2a, attributeOf(answer, 0x2a));
}

// A stream bound to a peer.
export async function bound(defer, server, id, user, isTls, behind) {
  const data = await connected(defer, server, user, isTls);
  const answer = await data.ask(11, [id], behind);
  same(errorOf(answer), 0, "ConnectionBind");
  return data;
}

export const gone = (client, what) => until(what, () => client.isClosed);
