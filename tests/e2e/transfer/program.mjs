// One run of the program: what it says, and how it ends.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

export const path = process.env.YODEL ?? fileURLToPath(new URL("../../../build/yodel", import.meta.url));

const SAID_MAX = 1 << 20;

export class Program {
  events = []; // Of --json.
  lines = []; // Of standard output that were no JSON object.
  out = "";
  err = "";
  status = undefined; // Of exit; a signal's name where one ended it.
  #rest = "";
  #wakers = new Set();

  // `program` is another one than yodel. `wrapper` is put in front: ["setpriv", "--reuid=65534"]. With `columns` it runs on
  // a terminal of that width; what it shows is in `out`, and what is written to `child.stdin` is typed.
  constructor(args, { program = path, wrapper = [], env, columns, ...options } = {}) {
    const command = [...wrapper, program, ...args];
    const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
    const [first, ...rest] = columns
      ? ["script", "-qefc", `stty cols ${columns} rows 50; exec ${quoted}`, "/dev/null"]
      : command;
    this.args = args;
    this.name = basename(program);
    this.child = spawn(first, rest, {
      stdio: [columns ? "pipe" : "ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
      ...options,
    });
    this.pid = this.child.pid;
    this.child.stdout.on("data", (data) => this.#take(String(data)));
    this.child.stderr.on("data", (data) => {
      this.err = (this.err + data).slice(-SAID_MAX);
      this.#wake();
    });
    this.ended = once(this.child, "close").then(([code, signal]) => {
      this.status = code ?? signal;
      if (this.#rest) this.lines.push(this.#rest);
      this.#wake();
      return this.status;
    });
    this.ended.catch(() => {});
  }

  get hasEnded() {
    return this.status !== undefined;
  }

  #take(text) {
    this.out = (this.out + text).slice(-SAID_MAX);
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop();
    for (const line of lines) {
      try {
        const event = JSON.parse(line);
        if (typeof event?.event !== "string") throw new Error("no event");
        event.at = Date.now();
        this.events.push(event);
      } catch {
        this.lines.push(line);
      }
    }
    this.#wake();
  }

  #wake() {
    for (const wake of this.#wakers) wake();
  }

  // Waits until `find` gives something.
  async until(find, what, ms = 30_000) {
    const end = Date.now() + ms;
    for (;;) {
      const found = find();
      if (found) return found;
      if (this.hasEnded || Date.now() > end) throw new Error(`no ${what} (${this.name} ${this.args[0]} said no such thing)`);
      await new Promise((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          this.#wakers.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, 250);
        this.#wakers.add(wake);
      });
    }
  }

  // The `nth` event of that name that `where` likes, counted from 0.
  event(name, { nth = 0, where = () => true, ms } = {}) {
    return this.until(() => this.events.filter((one) => one.event === name && where(one))[nth], `event ${name}`, ms);
  }

  // Halfway: some bytes have gone, some not.
  underway(bytes = 1) {
    return this.event("progress", { where: (one) => one.bytes >= bytes && one.bytes < one.total });
  }

  last(name) {
    return this.events.filter((one) => one.event === name).at(-1);
  }

  kill(signal) {
    if (!this.hasEnded) this.child.kill(signal);
  }

  // How it ended; it must within `ms`.
  async exit(ms = 60_000) {
    await this.until(() => this.hasEnded, "end", ms);
    return this.status;
  }

  story() {
    const tail = this.events.slice(-6).map((one) => JSON.stringify(one));
    return [
      `     $ ${this.name} ${this.args.join(" ")}  -> ${this.status ?? "running"}`,
      ...[...tail, ...this.lines.slice(-5), ...this.err.trimEnd().split("\n").slice(-12)]
        .filter(Boolean)
        .map((line) => `       ${line}`),
    ].join("\n");
  }
}
