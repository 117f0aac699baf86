// A case's own folder, server and processes; all of them end with it.

import { createHash, createCipheriv } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { Program } from "./program.mjs";

const MIB = 1024 * 1024;

async function freePort() {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

async function isOpen(port) {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

export async function hashOf(path) {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path, { highWaterMark: MIB })) hash.update(piece);
  return hash.digest("hex");
}

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export class Place {
  #programs = [];
  #atEnd = [];

  constructor(home, common) {
    this.home = home;
    this.common = common;
  }

  path(...parts) {
    return join(this.home, ...parts);
  }

  async folder(...parts) {
    await mkdir(this.path(...parts), { recursive: true });
    return this.path(...parts);
  }

  // A file of `mib` MiB that no two places of are alike; made once for all cases.
  static #made = new Map();
  async big(mib) {
    const path = join(this.common, `big-${mib}.bin`);
    if (!Place.#made.has(mib)) Place.#made.set(mib, Place.#make(path, mib));
    return { path, size: mib * MIB, name: `big-${mib}.bin`, hash: await Place.#made.get(mib) };
  }

  static async #make(path, mib) {
    const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, mib % 251), Buffer.alloc(16));
    const zeros = Buffer.alloc(MIB);
    const hash = createHash("sha256");
    const out = createWriteStream(path);
    for (let i = 0; i < mib; i++) {
      const piece = cipher.update(zeros);
      hash.update(piece);
      if (!out.write(piece)) await once(out, "drain");
    }
    out.end();
    await once(out, "finish");
    return hash.digest("hex");
  }

  start(args, options = {}) {
    const program = new Program(args, { cwd: this.home, ...options });
    this.#programs.push(program);
    return program;
  }

  // yodel serve, on ports of its own.
  async serve(...options) {
    const port = await freePort();
    const udp = await freePort();
    const server = this.start(["serve", "--listen", `127.0.0.1:${port}`, "--udp", `127.0.0.1:${udp}`, ...options]);
    const url = `${options.includes("--self-signed") ? "https" : "http"}://127.0.0.1:${port}`;
    for (let tries = 0; !(await isOpen(port)); tries++) {
      if (tries > 200 || server.hasEnded) throw new Error(`no server: ${server.err}`);
      await pause(50);
    }
    this.url ??= url;
    server.url = url;
    return server;
  }

  // Starts to send, and waits for the code.
  async send(paths, { options = [], url = this.url, ...rest } = {}) {
    const sender = this.start(["send", "--json", "--server", url, ...options, ...paths], rest);
    const { code, link } = await sender.event("code");
    sender.code = code;
    sender.link = link;
    return sender;
  }

  receive(code, { options = ["--yes"], into = this.path("in"), url = this.url, ...rest } = {}) {
    return this.start(
      ["receive", "--json", "--server", url, "--output", into, ...options, code],
      rest,
    );
  }

  async partSize(name, into = "in") {
    const { stat } = await import("node:fs/promises");
    const path = this.path(into, `${name}.yodel-part`);
    return existsSync(path) ? (await stat(path)).size : 0;
  }

  // What is in a folder, all the way down, sorted.
  async list(folder = "in") {
    const entries = await readdir(this.path(folder), { recursive: true });
    return entries.sort();
  }

  atEnd(action) {
    this.#atEnd.push(action);
  }

  story() {
    return this.#programs.map((program) => program.story()).join("\n");
  }

  async leave() {
    const broken = [];
    for (const program of this.#programs) {
      program.kill("SIGCONT");
      program.kill("SIGKILL");
      await program.ended;
      if (/ERROR: \w+Sanitizer|runtime error:|assertion/i.test(program.err)) broken.push(program.err);
    }
    for (const action of this.#atEnd.reverse()) await action();
    await rm(this.home, { recursive: true, force: true });
    if (broken.length > 0) throw new Error(`a sanitizer or an assertion spoke:\n${broken[0].slice(0, 4000)}`);
  }
}
