// The programs under test, each on its machine; all of a case's end with it.

import { createHash, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { hashOf } from "../../e2e/transfer/place.mjs";
import { Program } from "../../e2e/transfer/program.mjs";
import { AUTHORITY, FILES } from "./internet.mjs";

export const CONNECT_MS = 3000; // From the receiver's start until both say that they are connected.
const CHANGE_MS = 5000; // From there until a better path is in use.
const SIZE = 256 * 1024;

// A case's own folder and programs.
export class Stage {
  #programs = [];
  #atEnd = [];

  static async open() {
    const stage = new Stage();
    stage.home = await mkdtemp(join(FILES, "case-"));
    return stage;
  }

  start(machine, args, options = {}) {
    const program = new Program(args, { wrapper: machine.wrapper, cwd: this.home, env: { SSL_CERT_FILE: AUTHORITY }, ...options });
    this.#programs.push(program);
    return program;
  }

  // Random bytes, which nobody can have by chance.
  random(size) {
    const data = randomBytes(size);
    return { data, hash: createHash("sha256").update(data).digest("hex") };
  }

  file(size) {
    const path = join(this.home, "file.bin");
    const { data, hash } = this.random(size);
    writeFileSync(path, data);
    return { path, hash };
  }

  async send(site, what, options = {}) {
    const sender = this.start(site.host, ["send", "--json", "--server", `https://${site.server}`, ...what], options);
    const { code } = await sender.event("code");
    sender.code = code;
    return sender;
  }

  receive(site, code, args = ["--json", "--yes", "--output", join(this.home, "in")], options = {}) {
    const receiver = this.start(site.host, ["receive", "--server", `https://${site.server}`, ...args, code], options);
    receiver.began = Date.now();
    return receiver;
  }

  story() {
    return this.#programs.map((program) => program.story()).join("\n");
  }

  atEnd(action) {
    this.#atEnd.push(action);
  }

  async close() {
    for (const action of this.#atEnd.reverse()) await action();
    for (const program of this.#programs) {
      program.kill("SIGKILL");
      await program.ended;
    }
    await rm(this.home, { recursive: true, force: true });
  }
}

// Sends a file from one site to the other, whole. Says by which path it began, to which it changed until `want` was right,
// and after how many ms both were connected. The second half of the file is held back until then.
export async function sendFile(stage, from, to, want) {
  const { data, hash } = stage.random(SIZE);
  await mkdir(join(stage.home, "in"));
  const sender = await stage.send(from, ["--name", "file.bin", "-"], { stdio: ["pipe", "pipe", "pipe"] });
  sender.child.stdin.on("error", () => {}); // It may end early, and says why.
  sender.child.stdin.write(data.subarray(0, SIZE / 2));
  const receiver = stage.receive(to, sender.code);
  const both = await Promise.all([sender.event("connected"), receiver.event("connected")]);
  const first = both.map((event) => pathOf(event.text));
  const now = () => [sender, receiver].map((one, i) => pathOf(`(${one.last("progress")?.path ?? ""}`) ?? first[i]);
  const isRight = () => now().every((path) => path === want);
  if (first.some((path) => path !== want)) await sender.until(isRight, `path "${want}"`, CHANGE_MS).catch(() => {});
  sender.child.stdin.end(data.subarray(SIZE / 2));
  const status = await Promise.all([sender.exit(), receiver.exit()]);
  if (status.some((one) => one !== 0)) throw new Error(`ended with ${status}`);
  const got = await hashOf(join(stage.home, "in", "file.bin"));
  if (got !== hash) throw new Error("the file is not what was sent");
  return { ms: Math.max(...both.map((one) => one.at)) - receiver.began, first, last: now() };
}

// "direct", "direct over TCP", or "relay", of "Connected (direct)." and the like; through which relay does not matter.
export function pathOf(text) {
  return /\((relay|[a-z ]+(TCP)?)/.exec(text)?.[1];
}
