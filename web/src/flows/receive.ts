// Receiving: use a code once, prove the words, and take what is offered.

import * as codes from "../code.ts";
import { Problem, toProblem, type ProblemCode } from "../problem.ts";
import { Signaling, signalUrl, type ServerMessage } from "../signaling.ts";
import { Receiver, type Offer, type ReceiverEvents, type Store } from "../transfer/receiver.ts";
import { Link, type Identity } from "./link.ts";

// A page that is reloaded in the middle may be back before the sender has noticed that it was gone,
// and opened the code again. So whoever has proved the words in this tab asks a few times.
const MET_KEY = "yodel.met";
const RETURN_WAITS_MS = [700, 1500, 3000, 6000];

function hasMet(code: codes.Code): boolean {
  try {
    return sessionStorage.getItem(MET_KEY) === codes.format(code);
  } catch {
    return false; // A browser that keeps nothing.
  }
}

function noteMet(code: codes.Code | undefined): void {
  try {
    if (code) sessionStorage.setItem(MET_KEY, codes.format(code));
    else sessionStorage.removeItem(MET_KEY);
  } catch {
    // Then a return asks once only.
  }
}

export interface ReceiveView extends ReceiverEvents {
  step(step: "looking" | "checking" | "connecting" | "offer"): void;
  started(peer: RTCPeerConnection): void;
  unsteady(isUnsteady: boolean): void;
  done(): void | Promise<void>;
  failed(problem: Problem): void;
  offline(problem: Problem): void;
}

export class ReceiveFlow {
  readonly #signaling: Signaling;
  readonly #code: codes.Code;
  readonly #identity: Identity;
  readonly #view: ReceiveView;
  #iceServers: RTCIceServer[] = [];
  #peer = "";
  #link: Link | undefined;
  #receiver: Receiver | undefined;
  #over = false;
  #returns = 0; // Times that the code was asked for again.

  constructor(code: codes.Code, identity: Identity, view: ReceiveView) {
    this.#code = code;
    this.#identity = identity;
    this.#view = view;
    this.#signaling = new Signaling(signalUrl(document.baseURI), {
      hello: (iceServers) => this.#hello(iceServers),
      message: (message) => this.#take(message),
      down: (problem) => this.#down(problem),
    });
  }

  start(): void {
    this.#view.step("looking");
    this.#signaling.start();
  }

  stop(): void {
    this.#over = true;
    this.#receiver?.cancel();
    const link = this.#link;
    setTimeout(() => link?.close(), this.#receiver ? 500 : 0);
    this.#signaling.stop();
  }

  // The page goes: the other side need not wait to find out.
  leave(): void {
    this.#over = true;
    this.#link?.close();
    this.#signaling.stop();
  }

  #hello(iceServers: RTCIceServer[]): void {
    this.#iceServers = iceServers;
    this.#useCode();
  }

  #useCode(): void {
    if (this.#link || this.#over) return;
    this.#signaling.send({ type: "use-code", number: this.#code.number });
  }

  #down(problem: Problem): void {
    if (this.#over || this.#link?.isOpen) return;
    // The pair broke with the server: the sender's next code is another one.
    if (this.#link) return this.#fail(new Problem("peer-gone"));
    this.#view.offline(problem);
  }

  #take(message: ServerMessage): void {
    switch (message.type) {
      case "paired":
        return this.#onPaired(message["peer"]);
      case "signal":
        if (message["from"] === this.#peer) this.#link?.receive(message["data"]);
        return;
      case "peer-left":
        if (message["peer"] === this.#peer) this.#left();
        return;
      case "error":
        return this.#onError(message);
    }
  }

  #left(): void {
    if (this.#link?.isOpen) this.#link.peerLeft();
    else this.#fail(new Problem(this.#link?.isSpent ? "wrong-code" : "peer-gone"));
  }

  #onError(message: ServerMessage): void {
    if (message["re"] === "signal") {
      if (!this.#link?.isOpen) this.#fail(new Problem("peer-gone"));
      return;
    }
    if (message["re"] !== "use-code") return;
    const isAway = message["code"] === "unknown-code" || message["code"] === "used-code";
    const wait = RETURN_WAITS_MS[this.#returns++];
    if (isAway && wait !== undefined && hasMet(this.#code)) {
      setTimeout(() => this.#useCode(), wait);
      return;
    }
    const known: ProblemCode[] = ["unknown-code", "used-code", "rate-limited"];
    this.#fail(new Problem(known.find((one) => one === message["code"]) ?? "server-error"));
  }

  #onPaired(peer: unknown): void {
    if (typeof peer !== "string" || this.#link) return;
    this.#peer = peer;
    this.#view.step("checking");
    const options = {
      ...this.#identity,
      role: "B",
      code: codes.format(this.#code),
      iceServers: this.#iceServers,
    } as const;
    this.#link = new Link(options, {
      signal: (data) => this.#signaling.send({ type: "signal", to: peer, data }),
      canSignal: () => this.#signaling.isUp,
      confirmed: () => {
        noteMet(this.#code);
        this.#view.step("connecting");
      },
      channel: (channel) => void this.#transfer(channel),
      state: (state) => this.#view.unsteady(state === "disconnected" || state === "failed"),
      failed: (problem) => this.#linkFailed(problem),
    });
  }

  #linkFailed(problem: Problem): void {
    if (this.#receiver && problem.code !== "fingerprint") this.#receiver.lose();
    else this.#fail(problem);
  }

  async #transfer(channel: RTCDataChannel): Promise<void> {
    const link = this.#link!;
    this.#signaling.release();
    this.#view.step("offer");
    const receiver = new Receiver(channel, {
      offer: (offer) => this.#offer(offer, link),
      item: (index) => this.#view.item(index),
      progress: (bytes, index, itemBytes) => this.#view.progress(bytes, index, itemBytes),
      saved: (index) => this.#view.saved(index),
    });
    this.#receiver = receiver;
    try {
      await receiver.run();
      if (this.#over) return;
      this.#over = true;
      noteMet(undefined);
      link.close();
      this.#signaling.stop();
      await this.#view.done();
    } catch (thrown) {
      setTimeout(() => link.close(), 500);
      this.#fail(toProblem(thrown, "io"));
    }
  }

  async #offer(offer: Offer, link: Link): Promise<Store | undefined> {
    const store = await this.#view.offer(offer);
    if (store) this.#view.started(link.peer!);
    return store;
  }

  #fail(problem: Problem): void {
    if (this.#over) return;
    this.#over = true;
    if (!this.#link?.isOpen || problem.code === "fingerprint") this.#link?.close();
    this.#signaling.stop();
    this.#view.failed(problem);
  }
}
