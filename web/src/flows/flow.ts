// A flow: this page's side of one transfer, from the server's hello to the last file. What sending
// and receiving have in common: the way to the server, and the link to whoever comes under the code.
//
// Not here  which code, and what follows an accident (send.ts, receive.ts)

import * as codes from "../code.ts";
import type { Problem } from "../problem.ts";
import { Signaling, signalUrl, type ServerMessage } from "../signaling.ts";
import { Link, type Identity } from "./link.ts";

const ABORT_MS = 500; // For an abort to leave before the connection goes.

export interface FlowView {
  step(step: "checking" | "connecting"): void;
  unsteady(isUnsteady: boolean): void;
  failed(problem: Problem): void; // Over.
}

interface Transfer {
  cancel(): void;
  lose(): void; // Ends it as an accident.
}

export abstract class Flow {
  protected readonly signaling: Signaling;
  protected link: Link | undefined;
  protected transfer: Transfer | undefined;
  protected over = false;
  readonly #role: "A" | "B";
  readonly #identity: Identity;
  readonly #view: FlowView;
  #iceServers: RTCIceServer[] = [];
  #peer = "";

  constructor(role: "A" | "B", identity: Identity, view: FlowView) {
    this.#role = role;
    this.#identity = identity;
    this.#view = view;
    this.signaling = new Signaling(signalUrl(document.baseURI), {
      hello: (iceServers) => {
        this.#iceServers = iceServers;
        this.hello();
      },
      message: (message) => this.#take(message),
      down: (problem) => {
        if (!this.over && !this.link?.isOpen) this.down(problem);
      },
    });
  }

  // The server has greeted us, perhaps not for the first time.
  protected abstract hello(): void;
  // It is away, and there is no channel that could do without it.
  protected abstract down(problem: Problem): void;
  protected abstract take(message: ServerMessage): void;
  // The code under which somebody may come now.
  protected abstract get code(): codes.Code | undefined;
  protected confirmed(): void {}
  protected abstract run(channel: RTCDataChannel, link: Link): Promise<void>;
  // The link ended before its channel stood.
  protected abstract linkFailed(problem: Problem, link: Link): void;

  start(): void {
    this.signaling.start();
  }

  stop(): void {
    this.over = true;
    this.transfer?.cancel();
    const link = this.link;
    setTimeout(() => link?.close(), this.transfer ? ABORT_MS : 0);
    this.signaling.stop();
  }

  // The page goes: the other side need not wait to find out.
  leave(): void {
    this.over = true;
    this.link?.close();
    this.signaling.stop();
  }

  protected fail(problem: Problem): void {
    if (this.over) return;
    this.over = true;
    const link = this.link;
    if (!link?.isOpen || problem.code === "fingerprint") link?.close();
    else setTimeout(() => link.close(), ABORT_MS);
    this.signaling.stop();
    this.#view.failed(problem);
  }

  #take(message: ServerMessage): void {
    switch (message.type) {
      case "paired":
        return this.#onPaired(message["peer"]);
      case "signal":
        if (message["from"] === this.#peer) this.link?.receive(message["data"]);
        return;
      case "peer-left":
        if (message["peer"] === this.#peer) this.link?.peerLeft();
        return;
      case "error":
        if (message["re"] !== "signal") this.take(message);
        else if (!this.link?.isOpen) this.link?.peerLeft(); // Nobody is there to be told.
        return;
      default:
        return this.take(message);
    }
  }

  #onPaired(peer: unknown): void {
    if (typeof peer !== "string" || !this.code || this.link) return;
    this.#peer = peer;
    this.#view.step("checking");
    const options = {
      ...this.#identity,
      role: this.#role,
      code: codes.format(this.code),
      iceServers: this.#iceServers,
    };
    const link = new Link(options, {
      signal: (data) => this.signaling.send({ type: "signal", to: peer, data }),
      canSignal: () => this.signaling.isUp,
      confirmed: () => {
        this.confirmed();
        this.#view.step("connecting");
      },
      channel: (channel) => void this.run(channel, link),
      state: (state) => this.#view.unsteady(state === "disconnected" || state === "failed"),
      failed: (problem) => this.#onFailed(problem, link),
    });
    this.link = link;
  }

  #onFailed(problem: Problem, link: Link): void {
    if (this.over || this.link !== link) return;
    if (problem.code === "fingerprint") this.fail(problem);
    else if (link.isOpen) this.transfer?.lose();
    else this.linkFailed(problem, link);
  }
}
