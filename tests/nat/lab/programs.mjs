// The programs under test, each on its machine; all of a case's end with it.

import { createHash, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { hashOf } from "../../e2e/transfer/place.mjs";
import { Program } from "../../e2e/transfer/program.mjs";
import { FILES } from "./internet.mjs";

export const CONNECT_MS = 3000; // From the receiver's start until both say that they are connected.

// A case's own folder and programs.
export class Stage {
  #programs = [];

  static async open() {
    const stage = new Stage();
    stage.home = await mkdtemp(join(FILES, "case-"));
    return stage;
  }

  start(machine, args, options = {}) {
    const program = new Program(args, { wrapper: machine.wrapper, cwd: this.home, ...options });
    this.#programs.push(program);
    return program;
  }

  // A file of random bytes, which nobody can have by chance.
  file(size) {
    const path = join(this.home, "file.bin");
    const data = randomBytes(size);
    writeFileSync(path, data);
    return { path, hash: createHash("sha256").update(data).digest("hex") };
  }

  async send(site, what, options = {}) {
    const sender = this.start(site.host, ["send", "--json", "-k", "--server", `https://${site.server}`, ...what], options);
    const { code } = await sender.event("code");
    sender.code = code;
    return sender;
  }

  receive(site, code, args = ["--json", "--yes", "--output", join(this.home, "in")], options = {}) {
    const receiver = this.start(site.host, ["receive", "-k", "--server", `https://${site.server}`, ...args, code], options);
    receiver.began = Date.now();
    return receiver;
  }

  story() {
    return this.#programs.map((program) => program.story()).join("\n");
  }

  async close() {
    for (const program of this.#programs) {
      program.kill("SIGKILL");
      await program.ended;
    }
    await rm(this.home, { recursive: true, force: true });
  }
}

// Sends a file from one site to the other, whole. Says by which path, and after how many ms both were connected.
export async function sendFile(stage, from, to, size = 256 * 1024) {
  const { path, hash } = stage.file(size);
  await mkdir(join(stage.home, "in"));
  const sender = await stage.send(from, [path]);
  const receiver = stage.receive(to, sender.code);
  const both = await Promise.all([sender.event("connected"), receiver.event("connected")]);
  const status = await Promise.all([sender.exit(), receiver.exit()]);
  if (status.some((one) => one !== 0)) throw new Error(`ended with ${status}`);
  const got = await hashOf(join(stage.home, "in", "file.bin"));
  if (got !== hash) throw new Error("the file is not what was sent");
  return { ms: Math.max(...both.map((one) => one.at)) - receiver.began, paths: both.map(pathOf) };
}

// "Connected (direct)." and the like.
function pathOf(event) {
  const path = /\(([a-z ]+)\)/.exec(event.text)?.[1];
  return path === "relayed" ? "relay" : path;
}
