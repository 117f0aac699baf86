// The link: from "paired" to an open data channel with the peer that knows the words.
//
//   pairing (the words) ──► confirmed ──► connecting (offer, answer, candidates) ──► channel

import { Connection } from "../connection.ts";
import { Pairing } from "../pairing.ts";
import { toProblem, Problem } from "../problem.ts";

const PAIRING_WAIT_MS = 20_000;

export interface Identity {
  certificate: RTCCertificate;
  fingerprint: string;
}

export interface LinkOptions extends Identity {
  role: "A" | "B";
  code: string;
  iceServers: RTCIceServer[];
}

export interface LinkHandlers {
  signal(data: object): void;
  canSignal(): boolean;
  confirmed(): void;
  channel(channel: RTCDataChannel): void;
  state(state: RTCPeerConnectionState): void;
  failed(problem: Problem): void;
}

export class Link {
  readonly #options: LinkOptions;
  readonly #handlers: LinkHandlers;
  readonly #pairing: Pairing;
  #connection: Connection | undefined;
  #timer: ReturnType<typeof setTimeout>;
  #over = false;
  isOpen = false;

  constructor(options: LinkOptions, handlers: LinkHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#pairing = new Pairing(options.role, options.code, options.fingerprint, handlers.signal);
    this.#timer = setTimeout(() => this.#fail(new Problem("peer-gone")), PAIRING_WAIT_MS);
    this.#pairing.start();
  }

  // True when a guess at the words may have been made and was not shown to be right.
  get isSpent(): boolean {
    return this.#pairing.guessed && this.#pairing.state !== "done";
  }

  get peer(): RTCPeerConnection | undefined {
    return this.#connection?.peer;
  }

  receive(data: unknown): void {
    if (this.#over) return;
    if (this.#connection) {
      this.#connection.receive(data);
      return;
    }
    try {
      this.#pairing.receive(data);
    } catch (thrown) {
      return this.#fail(toProblem(thrown, "bad-peer"));
    }
    if (this.#pairing.state === "done") this.#connect();
  }

  // The peer has left the server.
  peerLeft(): void {
    if (this.#connection) this.#connection.peerLeft();
    else this.#fail(new Problem(this.isSpent ? "wrong-code" : "peer-gone"));
  }

  close(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#connection?.close();
  }

  #connect(): void {
    clearTimeout(this.#timer);
    const { role, iceServers, certificate } = this.#options;
    const peerFingerprint = this.#pairing.peerFingerprint;
    this.#handlers.confirmed();
    this.#connection = new Connection(
      { offerer: role === "A", iceServers, certificate, peerFingerprint },
      {
        send: this.#handlers.signal,
        canSignal: this.#handlers.canSignal,
        channel: (channel) => {
          this.isOpen = true;
          this.#handlers.channel(channel);
        },
        state: this.#handlers.state,
        failed: (problem) => this.#fail(problem),
      },
    );
  }

  #fail(problem: Problem): void {
    if (this.#over) return;
    this.close();
    this.#handlers.failed(problem);
  }
}
