// The program: yodel serve, send and receive, each a child process.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";

export const program =
  process.env.YODEL ?? fileURLToPath(new URL("../../../build/yodel", import.meta.url));

const running = new Set();

export function start(args, options = {}) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  running.add(child);
  child.on("exit", () => running.delete(child));
  child.said = "";
  child.stderr.on("data", (data) => (child.said = (child.said + data).slice(-4000)));
  return child;
}

export async function stopAll() {
  await Promise.all([...running].map((child) => stop(child, "SIGKILL")));
}

export async function stop(child, signal = "SIGTERM") {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

async function freePort() {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

async function answers(url) {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

// `host` is where the page is opened, and where STUN and TURN are.
export async function serve({ host = "127.0.0.1", args = [] } = {}) {
  const port = await freePort();
  const udp = args.includes("--udp") ? [] : ["--udp", `${host}:${await freePort()}`];
  const child = start(["serve", "--listen", `0.0.0.0:${port}`, ...udp, ...args]);
  const url = `http://${host}:${port}/`;
  for (let tries = 0; !(await answers(url)); tries++) {
    if (tries > 100 || child.exitCode !== null) throw new Error(`no server: ${child.said}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { url, port, stop: () => stop(child), kill: () => stop(child, "SIGKILL") };
}

// Lines of JSON as they come; `find` waits for the first with that event.
export class Events {
  #seen = [];
  #waiters = new Set();
  #ended = false;

  constructor(child) {
    this.child = child;
    const lines = createInterface({ input: child.stdout });
    lines.on("line", (line) => this.#take(line));
    lines.on("close", () => {
      this.#ended = true;
      this.#wake();
    });
  }

  #take(line) {
    try {
      this.#seen.push(JSON.parse(line));
    } catch {
      this.#seen.push({ event: "not-json", line });
    }
    this.#wake();
  }

  #wake() {
    for (const wake of this.#waiters) wake();
  }

  async find(event, timeout = 30_000) {
    const end = Date.now() + timeout;
    for (;;) {
      const found = this.#seen.find((one) => one.event === event);
      if (found) return found;
      if (this.#ended || Date.now() > end) {
        throw new Error(`no event ${event}: ${JSON.stringify(this.#seen.slice(-5))} ${this.child.said}`);
      }
      await new Promise((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          this.#waiters.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, 500);
        this.#waiters.add(wake);
      });
    }
  }
}

export async function send(url, paths) {
  const child = start(["send", "--server", url, "--json", ...paths]);
  const { code } = await new Events(child).find("code");
  return { child, code };
}

export function receive(url, code, folder) {
  return start(["receive", "--server", url, "--json", "--yes", "--output", folder, code]);
}

// Waits for the program to end well.
export async function success(child, timeout = 90_000) {
  if (child.exitCode === null && child.signalCode === null) {
    const timer = setTimeout(() => child.kill("SIGKILL"), timeout);
    await once(child, "exit");
    clearTimeout(timer);
  }
  if (child.exitCode !== 0) {
    throw new Error(`ended with ${child.exitCode ?? child.signalCode}: ${child.said}`);
  }
}
