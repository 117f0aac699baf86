// Cases, the program under test, and a WebSocket client that can also misbehave.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";

const cases = [];

export function test(name, run) {
  cases.push({ name, run });
}

export async function runAll() {
  let passed = 0;
  for (const { name, run } of cases) {
    const cleanups = [];
    try {
      await within(30000, run((cleanup) => cleanups.push(cleanup)), "the case");
      passed++;
    } catch (error) {
      console.log(`FAILED ${name}: ${error.message}`);
    }
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
  console.log(`${passed} of ${cases.length} cases passed`);
  process.exit(passed === cases.length ? 0 : 1);
}

export function check(condition, what) {
  if (!condition) throw new Error(what);
}

export function same(got, want, what) {
  check(got === want, `${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
}

export function within(ms, promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took over ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Waits until something is so.
export function until(what, is, ms = 5000) {
  let isOver = false;
  const look = async () => {
    while (!isOver && !(await is())) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  return within(ms, look(), what).finally(() => (isOver = true));
}

// A folder of the case's own.
export function makeFolder(defer) {
  const folder = mkdtempSync(join(tmpdir(), "yodel-e2e-"));
  defer(() => rmSync(folder, { recursive: true }));
  return folder;
}

// Runs yodel to its end.
export function yodel(...args) {
  return new Promise((resolve) => {
    const child = spawn(process.env.YODEL, args, { stdio: ["ignore", "pipe", "pipe"] });
    const result = { out: "", err: "" };
    child.stdout.on("data", (data) => (result.out += data));
    child.stderr.on("data", (data) => (result.err += data));
    child.on("close", (code, signal) => resolve({ ...result, code, signal }));
  });
}

// Starts `yodel serve` on a free port, and stops it after the case.
// A port that nobody has, over TCP or UDP: what UDP alone finds free may be taken over TCP.
async function freePort() {
  for (;;) {
    const server = net.createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address();
    const socket = createSocket("udp4");
    const isFree = await new Promise((resolve) => {
      socket.once("error", () => resolve(false));
      socket.bind(port, "127.0.0.1", () => resolve(true));
    });
    if (isFree) await new Promise((resolve) => socket.close(resolve));
    await new Promise((resolve) => server.close(resolve));
    if (isFree) return port;
  }
}

export async function serve(defer, ...options) {
  const args = [...options];
  const at = args.indexOf("--udp") + 1;
  if (args[at] === "127.0.0.1:0") args[at] = `127.0.0.1:${await freePort()}`;
  const listen = args.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"];
  const udp = args.includes("--udp") ? [] : ["--udp", "off"];
  const child = spawn(process.env.YODEL, ["serve", ...listen, ...udp, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const server = { child, out: "", err: "" };
  server.ended = new Promise((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  child.stderr.on("data", (data) => (server.err += data));
  defer(async () => {
    child.kill("SIGKILL");
    await server.ended;
  });
  await within(
    10000,
    new Promise((resolve, reject) => {
      child.stdout.on("data", (data) => {
        server.out += data;
        if (server.out.includes("Ctrl-C")) resolve();
      });
      server.ended.then(() => reject(new Error(`serve ended: ${server.err}`)));
    }),
    "the start",
  );
  const found = /(https?):\/\/\S+:(\d+)/.exec(server.out);
  server.secure = found[1] === "https";
  server.port = Number(found[2]);
  return server;
}

// With TLS: `server.alpn` is what it asks for, undefined: nothing, as most programs but browsers.
export function connect(server) {
  return new Promise((resolve, reject) => {
    const options = { port: server.port, host: "127.0.0.1", rejectUnauthorized: false, ALPNProtocols: server.alpn };
    const socket = server.secure ? tls.connect(options) : net.connect(options);
    socket.once(server.secure ? "secureConnect" : "connect", () => resolve(socket));
    socket.once("error", reject);
  });
}

// One request on a connection of its own: status, headers in lower case, body.
export async function request(server, head, body = "") {
  const socket = await connect(server);
  socket.write(head.replaceAll("\n", "\r\n") + "\r\n\r\n" + body);
  let text = "";
  await within(
    15000,
    new Promise((resolve) => {
      socket.on("data", (data) => {
        text += data.toString("latin1");
        const end = text.indexOf("\r\n\r\n");
        const len = /content-length: (\d+)/i.exec(text);
        if (end >= 0 && len && text.length >= end + 4 + Number(len[1])) resolve();
      });
      socket.on("close", resolve);
      socket.on("error", resolve);
    }),
    "the answer",
  );
  socket.destroy();
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(":")).toLowerCase(),
      line.slice(line.indexOf(":") + 1).trim(),
    ]),
  );
  return { status: Number(first.split(" ")[1] ?? 0), headers, body: text.slice(end + 4) };
}

export function get(server, path, more = "") {
  return request(server, `GET ${path} HTTP/1.1\nHost: 127.0.0.1:${server.port}${more}`);
}

// One of the server's counters, by its name without "yodel_", with labels as they stand there.
export async function metric(server, name) {
  const { body } = await get(server, "/metrics");
  return Number(new RegExp(`^yodel_${name.replace(/[{}"]/g, "\\$&")} (\\d+)$`, "m").exec(body)?.[1] ?? NaN);
}

export function upgradeHead(server, more = {}) {
  const headers = {
    Host: `127.0.0.1:${server.port}`,
    Upgrade: "websocket",
    Connection: "Upgrade",
    "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": "yodel.signal.1",
    ...more.headers,
  };
  const lines = Object.entries(headers)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}`);
  return [`GET ${more.path ?? "/signal"} HTTP/1.1`, ...lines].join("\n");
}

export function frame(opcode, payload, { final = true, masked = true, length } = {}) {
  const data = Buffer.from(payload);
  const len = length ?? BigInt(data.length);
  const head = [(final ? 0x80 : 0) | opcode];
  const mask = masked ? 0x80 : 0;
  if (len < 126n) head.push(mask | Number(len));
  else if (len < 65536n) head.push(mask | 126, Number(len >> 8n), Number(len & 255n));
  else {
    head.push(mask | 127);
    for (let shift = 56n; shift >= 0n; shift -= 8n) head.push(Number((len >> shift) & 255n));
  }
  return Buffer.concat([Buffer.from(head), masked ? Buffer.alloc(4) : Buffer.alloc(0), data]);
}

// A client of /signal. `next` gives the next message, `closed` the close code (1006: none came).
export class Client {
  #bytes = Buffer.alloc(0);
  #messages = [];
  #waiting = [];
  code = 1006;

  static async open(server, more) {
    const client = new Client();
    client.socket = await connect(server);
    client.closed = new Promise((resolve) => {
      client.socket.on("close", () => resolve(client.code));
    });
    client.socket.on("error", () => {});
    const upgraded = new Promise((resolve) => (client.upgraded = resolve));
    client.socket.on("data", (data) => client.#take(data));
    client.closed.then(() => client.upgraded?.(0));
    client.socket.write(upgradeHead(server, more).replaceAll("\n", "\r\n") + "\r\n\r\n");
    client.status = await within(10000, upgraded, "the upgrade");
    return client;
  }

  #take(data) {
    this.#bytes = Buffer.concat([this.#bytes, data]);
    if (this.upgraded) {
      const end = this.#bytes.indexOf("\r\n\r\n");
      if (end < 0) return;
      this.upgraded(Number(this.#bytes.toString("latin1").split(" ")[1]));
      this.upgraded = undefined;
      this.#bytes = this.#bytes.subarray(end + 4);
    }
    while (this.#frame()) {}
  }

  #frame() {
    const b = this.#bytes;
    if (b.length < 2) return false;
    let len = b[1] & 127;
    let at = 2;
    if (len === 126) {
      if (b.length < 4) return false;
      len = b.readUInt16BE(2);
      at = 4;
    } else if (len === 127) {
      if (b.length < 10) return false;
      len = Number(b.readBigUInt64BE(2));
      at = 10;
    }
    if (b.length < at + len) return false;
    const payload = b.subarray(at, at + len);
    this.#bytes = b.subarray(at + len);
    const opcode = b[0] & 15;
    if (opcode === 8) {
      this.code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
      this.socket.end(frame(8, payload));
    } else if (opcode === 9) this.socket.write(frame(10, payload));
    else if (opcode === 1) {
      const message = JSON.parse(payload.toString());
      const waiting = this.#waiting.shift();
      if (waiting) waiting(message);
      else this.#messages.push(message);
    }
    return true;
  }

  say(message) {
    this.socket.write(frame(1, typeof message === "string" ? message : JSON.stringify(message)));
  }

  next(what = "a message") {
    const message = this.#messages.shift();
    if (message) return Promise.resolve(message);
    return within(10000, new Promise((resolve) => this.#waiting.push(resolve)), what);
  }

  async until(type) {
    for (;;) {
      const message = await this.next(type);
      if (message.type === type) return message;
    }
  }

  end() {
    this.socket.destroy();
  }
}
