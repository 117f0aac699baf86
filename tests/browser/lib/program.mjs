// The program: yodel serve, send and receive, each a child process.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
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
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data) => (child.said = (child.said + data).slice(-4000)));
  }
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

// What is at a URL: its body, or undefined where it is not answered, or not well. `ca` vouches for it.
async function read(url, ca) {
  const { get } = url.startsWith("https") ? https : http;
  const options = { ca, agent: false };
  try {
    return await new Promise((resolve, reject) => {
      get(url, options, async (response) => {
        response.setEncoding("utf8");
        const body = (await response.toArray()).join("");
        resolve(response.statusCode === 200 ? body : undefined);
      }).on("error", reject);
    });
  } catch {
    return undefined;
  }
}

// The counters of /metrics by name, without "yodel_" and labels; those with labels are added up.
function countersOf(text) {
  const counters = {};
  for (const [, name, value] of text.matchAll(/^yodel_(\w+)(?:\{.*\})? (\S+)$/gm)) {
    counters[name] = (counters[name] ?? 0) + Number(value);
  }
  return counters;
}

// `host` is where STUN and TURN are, and the page is opened, unless it has a name. With a certificate (lib/certificate.mjs)
// the page is over TLS, and TURN over TLS on the same port. `ports` are those of a server that was there before.
export async function serve({ host = "127.0.0.1", name = host, args = [], certificate, ports } = {}) {
  const { port, udp } = ports ?? { port: await freePort(), udp: await freePort() };
  const at = args.includes("--udp") ? [] : ["--udp", `${host}:${udp}`];
  if (certificate) {
    at.push("--tls-cert", certificate.certificate, "--tls-key", certificate.key);
  }
  const child = start(["serve", "--listen", `0.0.0.0:${port}`, ...at, ...args]);
  const url = `${certificate ? "https" : "http"}://${name}:${port}/`;
  const ca = certificate && (await readFile(certificate.authority));
  for (let tries = 0; (await read(url, ca)) === undefined; tries++) {
    if (tries > 100 || child.exitCode !== null) throw new Error(`no server: ${child.said}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    ...{ url, name, port, udp },
    metrics: async () => countersOf(await read(url.replace(name, "127.0.0.1") + "metrics", ca)), // It tells this machine alone.
    stop: () => stop(child),
    kill: () => stop(child, "SIGKILL"),
  };
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

  last(event) {
    return this.#seen.filter((one) => one.event === event).at(-1);
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
