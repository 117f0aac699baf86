// yodel serve: starts, refuses, serves, survives and stops.

import dgram from "node:dgram";
import { writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { Client, check, connect, frame, get, makeFolder, request, runAll, same, serve, test, upgradeHead, within, yodel } from "./lib/cases.mjs";

// ---- start and stop

test("a taken port is named, with a way out", async (defer) => {
  const other = net.createServer();
  await new Promise((resolve) => other.listen(0, "127.0.0.1", resolve));
  defer(() => new Promise((resolve) => other.close(resolve)));
  const port = other.address().port;
  const result = await yodel("serve", "--listen", `127.0.0.1:${port}`, "--udp", "off");
  same(result.code, 1, "exit code");
  check(result.err.includes(`port ${port} is taken by another program`), result.err);
  check(result.err.includes("--listen"), result.err);
});

test("bad options and files are usage errors with a reason", async () => {
  for (const [args, code, want] of [
    [["serve", "--lisen", "x"], 2, "did you mean --listen"],
    [["serve", "--listen", "nowhere"], 2, "--listen wants HOST:PORT"],
    [["serve", "--tls-cert", "/nowhere"], 2, "go together"],
    [["serve", "--tls-cert", "/nowhere", "--tls-key", "/nowhere"], 1, "cannot read /nowhere"],
    [["serve", "--ice-servers", "http://x"], 2, "--ice-servers wants"],
    [["serve", "--udp", "off", "--turn-tcp", ":3478"], 2, "none with --udp off"],
    [["serve", "--udp", "off", "--self-signed", "--turn-tls", ":5349"], 2, "none with --udp off"],
    [["serve", "--turn", "off", "--turn-tcp", ":3478"], 2, "none with --udp off or --turn off"],
    [["serve", "--udp", "off", "--turn-user", "a:b"], 2, "--turn-user is about STUN and relays"],
    [["serve", "--udp", "off", "--turn-realm", "r"], 2, "--turn-realm is about"],
    [["serve", "--udp", "off", "--turn-rate", "9999"], 2, "--turn-rate is about"],
    [["serve", "--udp", "off", "--stun-other", "192.0.2.1"], 2, "--stun-other is about"],
    [["serve", "--udp", "off", "--workers", "2"], 2, "--workers is about"],
    [["serve", "--turn-tls", ":5349"], 2, "--turn-tls wants a certificate"],
    [["serve", "--log-level", "loud"], 2, "--log-level is"],
    [["serve", "--config", "/nowhere"], 2, "cannot read /nowhere"],
    [["serve", "extra"], 2, 'what is "extra"'],
    [["srve"], 2, "did you mean `yodel serve`"],
  ]) {
    const result = await yodel(...args);
    same(result.code, code, args.join(" "));
    check(result.err.includes(want), `${args.join(" ")}: ${result.err}`);
  }
});

test("help and version answer on standard output", async () => {
  for (const args of [["--help"], ["help"], ["help", "serve"], ["serve", "--help"], ["--version"]]) {
    const result = await yodel(...args);
    same(result.code, 0, args.join(" "));
    check(result.out.length > 0 && result.err === "", args.join(" "));
  }
});

test("a certificate that is none is explained", async (defer) => {
  const folder = makeFolder(defer);
  const file = join(folder, "bad.pem");
  writeFileSync(file, "not a certificate\n");
  const result = await yodel("serve", "--listen", "127.0.0.1:0", "--udp", "off", "--tls-cert", file, "--tls-key", file);
  same(result.code, 1, "exit code");
  check(result.err.includes("certificate"), result.err);
});

test("a configuration file counts, and its mistakes have a line number", async (defer) => {
  const folder = makeFolder(defer);
  const file = join(folder, "yodel.conf");
  writeFileSync(file, "# ours\nice-servers = stun:stun.example.org:1\nlog-json = yes\n");
  const server = await serve(defer, "--config", file);
  const client = await Client.open(server);
  const hello = await client.next();
  same(hello.ice_servers[0].urls[0], "stun:stun.example.org:1", "ICE server");
  writeFileSync(file, "\nlisen = x\n");
  const result = await yodel("serve", "--config", file);
  same(result.code, 2, "exit code");
  check(result.err.includes("line 2") && result.err.includes("did you mean listen"), result.err);
});

test("SIGTERM says goodbye to clients and ends with 0", async (defer) => {
  const server = await serve(defer);
  const client = await Client.open(server);
  await client.next();
  server.child.kill("SIGTERM");
  same(await within(5000, client.closed, "the goodbye"), 1001, "close code");
  same((await within(5000, server.ended, "the end")).code, 0, "exit code");
});

test("a client that does not answer the goodbye does not hold the server up", async (defer) => {
  const server = await serve(defer);
  const socket = await connect(server);
  defer(() => socket.destroy());
  socket.write(upgradeHead(server).replaceAll("\n", "\r\n") + "\r\n\r\n");
  await new Promise((resolve) => socket.once("data", resolve));
  server.child.kill("SIGINT");
  same((await within(5000, server.ended, "the end")).code, 0, "exit code");
});

// ---- HTTP

// To the letter: a directive that is lost, or one that is let in, is a hole that nobody would see.
const strictHeaders = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss:; " +
    "img-src 'self' data: blob:; manifest-src 'self'; worker-src 'self'; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "permissions-policy":
    "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), usb=(), interest-cohort=()",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

test("every answer has the strict headers", async (defer) => {
  const server = await serve(defer);
  for (const path of ["/", "/healthz", "/metrics", "/signal", "/nothing"]) {
    const { headers } = await get(server, path);
    for (const [name, value] of Object.entries(strictHeaders)) same(headers[name], value, `${path}: ${name}`);
    same(headers["access-control-allow-origin"], undefined, `${path}: no page elsewhere reads this`);
  }
});

test("the page has an ETag and is not sent twice", async (defer) => {
  const server = await serve(defer);
  const first = await get(server, "/");
  same(first.status, 200, "status");
  same(first.headers["content-type"], "text/html; charset=utf-8", "type");
  same(first.headers["cache-control"], "no-cache", "cache");
  const second = await get(server, "/", `\nIf-None-Match: ${first.headers.etag}`);
  same(second.status, 304, "status");
  const head = await request(server, `HEAD / HTTP/1.1\nHost: x\nConnection: close`);
  same(head.status, 200, "HEAD");
});

test("what the page names is there, and kept for ever", async (defer) => {
  const server = await serve(defer);
  const page = (await get(server, "/")).body;
  for (const [, name] of page.matchAll(/(?:src|href)="([a-z]+-[0-9a-f]{10}\.(?:js|css))"/g)) {
    const asset = await get(server, `/${name}`);
    same(asset.status, 200, name);
    check(asset.headers["cache-control"].includes("immutable"), name);
  }
});

test("health is JSON, and metrics count", async (defer) => {
  const server = await serve(defer);
  const client = await Client.open(server);
  await client.next();
  const health = JSON.parse((await get(server, "/healthz")).body);
  same(health.status, "ok", "status");
  same(health.clients, 1, "clients");
  const metrics = (await get(server, "/metrics")).body;
  check(/^yodel_signaling_clients 1$/m.test(metrics), "clients");
  check(/^yodel_signaling_errors_total\{code="bad-message"\} 0$/m.test(metrics), "errors");
});

test("W1-W3: bad requests harm nobody", async (defer) => {
  const server = await serve(defer);
  for (const [head, statuses] of [
    ["GET / HTTP/1.1\nHost: x\n" + "a: b\n".repeat(1000) + "c: d", [0, 200, 400, 413, 431]],
    ["GET /" + "x".repeat(100000) + " HTTP/1.1\nHost: x", [0, 400, 404, 413, 414, 431]],
    ["POST / HTTP/1.1\nHost: x\nContent-Length: 3", [405]],
    ["DELETE / HTTP/1.1\nHost: x\nContent-Length: 0", [405]],
    ["GET /..%2f..%2fetc/passwd HTTP/1.1\nHost: x", [400, 403, 404]],
    ["GET /%00 HTTP/1.1\nHost: x", [0, 200, 400, 403, 404]],
    ["GET /%c0%ae%c0%ae/ HTTP/1.1\nHost: x", [0, 400, 403, 404]],
    ["GET //etc/passwd HTTP/1.1\nHost: x", [400, 403, 404]],
    ["BREW / HTTP/1.1\nHost: x", [0, 400, 403, 405]],
    ["\x16\x03\x01\x02\x00", [0, 400, 403]],
  ]) {
    const { status } = await request(server, head, head.startsWith("POST") ? "abc" : "");
    check(statuses.includes(status), `${head.slice(0, 40)}: ${status}`);
  }
  same((await get(server, "/healthz")).status, 200, "afterwards");
});

test("W8 slow loris: a request that does not come is closed in ten seconds", async (defer) => {
  const server = await serve(defer);
  const socket = await connect(server);
  socket.write("GET / HT");
  await within(10500, new Promise((resolve) => socket.on("close", resolve)), "the close");
});

// ---- WebSocket

test("W4, W5: who may open /signal", async (defer) => {
  const server = await serve(defer);
  for (const [headers, status, path] of [
    [{}, 101],
    [{ Origin: `http://127.0.0.1:${server.port}` }, 101],
    [{ Origin: "http://evil.example" }, 403],
    [{ Origin: "null" }, 403],
    [{ Origin: `http://127.0.0.1:${server.port}.evil.example` }, 403],
    [{ Origin: `http://evil.example/127.0.0.1:${server.port}` }, 403],
    [{ Origin: `http://127.0.0.1:${server.port + 1}` }, 403],
    [{ Origin: "x".repeat(1500) }, 403],
    [{ "Sec-WebSocket-Protocol": undefined }, 400],
    [{ "Sec-WebSocket-Protocol": "other" }, 400],
    [{ "Sec-WebSocket-Protocol": "other, yodel.signal.1" }, 101],
    [{}, 404, "/other"],
  ]) {
    const client = await Client.open(server, { headers, path });
    same(client.status, status, JSON.stringify({ headers, path }));
    client.end();
  }
  const open = await serve(defer, "--origins", "https://page.example");
  const client = await Client.open(open, { headers: { Origin: "https://page.example" } });
  same(client.status, 101, "a listed origin");
});

test("W7-W11: frames against the protocol close that connection alone", async (defer) => {
  const server = await serve(defer);
  const witness = await Client.open(server);
  await witness.next();
  for (const [what, bytes] of [
    ["reserved bit", Buffer.from([0xc1, 0x80, 0, 0, 0, 0])],
    ["reserved opcode", frame(3, "")],
    ["long control frame", frame(9, "x".repeat(126))],
    ["fragmented ping", frame(9, "", { final: false })],
    ["length 2^63", frame(1, "", { length: 1n << 63n })],
    ["continuation without a start", frame(0, "x")],
    ["text inside a text", Buffer.concat([frame(1, "a", { final: false }), frame(1, "b")])],
    ["invalid UTF-8", frame(1, Buffer.from([0xff, 0xfe]))],
    ["too long", frame(1, "x".repeat(70000))],
    ["too many fragments", Buffer.concat([frame(1, "", { final: false }), ...Array(5000).fill(frame(0, "x", { final: false }))])],
  ]) {
    const client = await Client.open(server);
    await client.next();
    client.socket.write(bytes);
    const code = await within(10000, client.closed, what);
    check([1002, 1006, 1007, 1009].includes(code), `${what}: ${code}`);
  }
  witness.say({ type: "create-code" });
  same((await witness.next()).type, "code", "the witness");
});

test("messages in pieces are whole again", async (defer) => {
  const server = await serve(defer);
  const client = await Client.open(server);
  await client.next();
  client.socket.write(Buffer.concat([frame(1, '{"type":"jo', { final: false }), frame(9, "hi"), frame(0, 'in","room":', { final: false }), frame(0, '"a"}')]));
  same((await client.next()).type, "joined", "answer");
  client.say({ type: "join", room: "x", pad: "y".repeat(60000) });
  same((await client.next()).code, "too-many", "a long one");
  client.socket.write(frame(2, "{}"));
  same((await client.next()).code, "bad-message", "binary");
});

test("two meet in a room and by a code", async (defer) => {
  const server = await serve(defer);
  const [a, b] = [await Client.open(server), await Client.open(server)];
  const [idA, idB] = [(await a.next()).id, (await b.next()).id];
  a.say({ type: "join", room: "den" });
  same((await a.next()).peers.length, 0, "alone");
  b.say({ type: "join", room: "den" });
  same((await b.next()).peers[0], idA, "the first");
  same((await a.next()).peer, idB, "the second");
  b.say({ type: "signal", to: idA, data: { description: { type: "offer", sdp: "v=0\r\n" } } });
  const signal = await a.next();
  same(signal.from, idB, "from");
  same(signal.data.description.sdp, "v=0\r\n", "sdp");
  b.end();
  same((await a.next()).type, "peer-left", "leaving");
  a.say({ type: "create-code" });
  const { number } = await a.next();
  const c = await Client.open(server);
  await c.next();
  c.say({ type: "use-code", number });
  same((await c.next()).peer, idA, "paired");
});

test("W18: an address has a number of connections", async (defer) => {
  const server = await serve(defer, "--connections-per-address", "3");
  const clients = [];
  for (let i = 0; i < 3; i++) clients.push(await Client.open(server));
  same((await Client.open(server)).status, 429, "the fourth");
  clients[0].end();
  await new Promise((resolve) => setTimeout(resolve, 100));
  same((await Client.open(server)).status, 101, "once one has left");
});

test("behind a proxy, addresses are the proxy's clients'", async (defer) => {
  const server = await serve(defer, "--connections-per-address", "1", "--behind-proxy");
  for (const [addr, status] of [["192.0.2.1", 101], ["192.0.2.1", 429], ["192.0.2.2", 101]]) {
    const client = await Client.open(server, { headers: { "X-Forwarded-For": addr } });
    same(client.status, status, addr);
  }
  same((await get(server, "/metrics", "\nX-Forwarded-For: 192.0.2.1")).status, 403, "metrics");
});

test("without a proxy, nobody chooses an address", async (defer) => {
  const server = await serve(defer, "--connections-per-address", "1");
  for (const [addr, status] of [["192.0.2.1", 101], ["192.0.2.2", 429]]) {
    const client = await Client.open(server, { headers: { "X-Forwarded-For": addr } });
    same(client.status, status, addr);
  }
});

test("metrics are for this machine alone, unless they are opened", async (defer) => {
  const remote = "\nX-Forwarded-For: 192.0.2.1";
  same((await get(await serve(defer, "--behind-proxy"), "/metrics", remote)).status, 403, "closed");
  same((await get(await serve(defer, "--behind-proxy", "--metrics-public"), "/metrics", remote)).status, 200, "opened");
});

test("W17: who does not read is closed, and the others go on", async (defer) => {
  const server = await serve(defer);
  const [a, b] = [await Client.open(server), await Client.open(server)];
  await a.next();
  const idB = (await b.next()).id;
  a.say({ type: "join", room: "r" });
  b.say({ type: "join", room: "r" });
  await b.next();
  b.socket.pause();
  const big = JSON.stringify({ type: "signal", to: idB, data: "x".repeat(60000) });
  let left = false;
  const leaving = a.until("peer-left").then(() => (left = true));
  for (let i = 0; i < 300 && !left; i++) {
    a.say(big);
    await new Promise((resolve) => setTimeout(resolve, 12));
  }
  await within(5000, leaving, "the close");
});

test("two hundred clients at once", async (defer) => {
  const server = await serve(defer);
  const clients = await Promise.all(Array.from({ length: 200 }, () => Client.open(server)));
  await Promise.all(clients.map((client) => client.next()));
  clients.forEach((client, i) => client.say({ type: "join", room: `room-${i >> 1}` }));
  await Promise.all(clients.map((client) => client.until("joined")));
  const firsts = clients.filter((_, i) => i % 2 === 0);
  firsts.forEach((client) => client.say({ type: "leave" }));
  same(JSON.parse((await get(server, "/healthz")).body).clients, 200, "clients");
  clients.forEach((client) => client.end());
});

// ---- TLS and STUN

test("W15: HTTPS with a certificate of its own", async (defer) => {
  const server = await serve(defer, "--self-signed");
  check(server.secure, server.out);
  same((await get(server, "/healthz")).status, 200, "health");
  const client = await Client.open(server);
  same((await client.next()).type, "hello", "hello");
  const plain = net.connect(server.port, "127.0.0.1", () => plain.write("GET / HTTP/1.1\r\n\r\n"));
  await within(10500, new Promise((resolve) => plain.on("close", resolve).on("error", () => {})), "plain text");
});

test("STUN says where a datagram came from, and the hello says where STUN is", async (defer) => {
  const server = await serve(defer, "--udp", "127.0.0.1:0");
  const port = Number(/UDP 127\.0\.0\.1:(\d+)/.exec(server.out)[1]);
  const client = await Client.open(server);
  same((await client.next()).ice_servers[0].urls[0], `stun:127.0.0.1:${port}`, "URL");
  const socket = dgram.createSocket("udp4");
  defer(() => socket.close());
  await new Promise((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const answer = new Promise((resolve) => socket.once("message", resolve));
  socket.send(Buffer.from("000100002112a442" + "0102030405060708090a0b0c", "hex"), port, "127.0.0.1");
  const message = await within(3000, answer, "the answer");
  same(message.readUInt16BE(0), 0x0101, "type");
  const at = message.indexOf(Buffer.from([0x00, 0x20, 0x00, 0x08]));
  same(message.readUInt16BE(at + 6) ^ 0x2112, socket.address().port, "port");
});

await runAll();
