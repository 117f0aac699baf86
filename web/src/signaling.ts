// The signaling client: one WebSocket to `yodel serve` (docs/SIGNALING.md).
//
// Until `keep` is called off it connects again by itself, with waits that double and jitter. What
// it hears goes to one handler; messages that are not JSON objects with a type are dropped.

import { Problem } from "./problem.ts";

export const SUBPROTOCOL = "yodel.signal.1";
const HELLO_WAIT_MS = 5000;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 15000;

export interface ServerMessage {
  type: string;
  [member: string]: unknown;
}

export interface SignalingHandlers {
  hello(iceServers: RTCIceServer[]): void;
  message(message: ServerMessage): void;
  // `problem` is no-server or not-yodel; another try follows unless the client was told to stop.
  down(problem: Problem): void;
}

// Half of the wait is certain and half is chance, so that a thousand clients of a server that
// comes back do not come back together.
export function retryWait(attempt: number, random: () => number): number {
  const full = Math.min(RETRY_FIRST_MS * 2 ** Math.min(attempt, 16), RETRY_MAX_MS);
  return full / 2 + (full / 2) * random();
}

export function signalUrl(page: string): string {
  const url = new URL("signal", page);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.hash = "";
  return url.href;
}

// The server does not know under which name it was reached: a URL without an address means that.
export function iceServersFrom(value: unknown, host: string): RTCIceServer[] {
  if (!Array.isArray(value)) return [];
  const servers: RTCIceServer[] = [];
  for (const entry of value.slice(0, 8)) {
    const { urls, username, credential } = (entry ?? {}) as Record<string, unknown>;
    // One relay without credentials, and the browser refuses the whole list.
    const login =
      typeof username === "string" && typeof credential === "string"
        ? { username, credential }
        : undefined;
    const known = login ? /^(stun|turn)s?:/ : /^stuns?:/;
    const list = (Array.isArray(urls) ? urls : [urls])
      .filter((url): url is string => typeof url === "string" && known.test(url))
      .map((url) => url.replace(/^([a-z]+):(?=:|\?|$)/, `$1:${host}`));
    if (list.length > 0) servers.push({ urls: list, ...login });
  }
  return servers;
}

export class Signaling {
  readonly #url: string;
  readonly #handlers: SignalingHandlers;
  #socket: WebSocket | undefined;
  #greeted = false;
  #attempt = 0;
  #keep = true;
  #helloTimer: ReturnType<typeof setTimeout> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string, handlers: SignalingHandlers) {
    this.#url = url;
    this.#handlers = handlers;
  }

  get isUp(): boolean {
    return this.#greeted;
  }

  start(): void {
    this.#keep = true;
    const socket = new WebSocket(this.#url, SUBPROTOCOL);
    this.#socket = socket;
    socket.onopen = () => {
      this.#helloTimer = setTimeout(() => this.#foreign(), HELLO_WAIT_MS);
    };
    socket.onmessage = (event) => this.#take(event.data);
    socket.onclose = () => {
      if (this.#socket === socket) this.#lost(new Problem("no-server"));
    };
  }

  send(message: ServerMessage): void {
    if (this.#greeted) this.#socket?.send(JSON.stringify(message));
  }

  // From now on a lost connection stays lost: the peers have each other.
  release(): void {
    this.#keep = false;
    clearTimeout(this.#retryTimer);
  }

  stop(): void {
    this.release();
    clearTimeout(this.#helloTimer);
    const socket = this.#socket;
    this.#socket = undefined;
    this.#greeted = false;
    socket?.close();
  }

  #take(data: unknown): void {
    const message = readMessage(data);
    if (!this.#greeted) {
      if (message?.type !== "hello" || message["protocol"] !== 1) return this.#foreign();
      clearTimeout(this.#helloTimer);
      this.#greeted = true;
      this.#attempt = 0;
      const host = new URL(this.#url).hostname;
      return this.#handlers.hello(iceServersFrom(message["ice_servers"], host));
    }
    if (message) this.#handlers.message(message);
  }

  #foreign(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    this.#lost(new Problem("not-yodel"));
  }

  #lost(problem: Problem): void {
    clearTimeout(this.#helloTimer);
    this.#socket = undefined;
    this.#greeted = false;
    if (this.#keep) {
      const wait = retryWait(this.#attempt++, Math.random);
      this.#retryTimer = setTimeout(() => this.start(), wait);
    }
    this.#handlers.down(problem);
  }
}

export function readMessage(data: unknown): ServerMessage | undefined {
  if (typeof data !== "string") return undefined;
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return typeof (value as ServerMessage).type === "string" ? (value as ServerMessage) : undefined;
  } catch {
    return undefined;
  }
}
