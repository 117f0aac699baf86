// Sending: hold a code open, and give the files to whoever knows its words.
//
// One guess, one code: when somebody fails to prove the words, the code is released and another
// takes its place. When a confirmed receiver is lost, the same code waits for it to come back.

import * as codes from "../code.ts";
import { Problem, toProblem, type ProblemCode } from "../problem.ts";
import { Signaling, signalUrl, type ServerMessage } from "../signaling.ts";
import { Sender, type SenderEvents, type Source } from "../transfer/sender.ts";
import { Link, type Identity } from "./link.ts";

export interface SendView extends Omit<SenderEvents, "accepted"> {
  code(code: codes.Code): void;
  // Waiting under the code that is shown; `notice` is why, where there was an accident.
  waiting(notice?: Problem): void;
  step(step: "checking" | "connecting" | "asking"): void;
  started(peer: RTCPeerConnection): void;
  unsteady(isUnsteady: boolean): void;
  done(): void;
  failed(problem: Problem): void; // Over.
  offline(problem: Problem): void; // The server is away; the client keeps trying.
}

export class SendFlow {
  readonly #signaling: Signaling;
  readonly #sources: Source[];
  readonly #identity: Identity;
  readonly #view: SendView;
  #iceServers: RTCIceServer[] = [];
  #code: codes.Code | undefined;
  #notice: Problem | undefined;
  #peer = "";
  #link: Link | undefined;
  #sender: Sender | undefined;
  #over = false;

  constructor(sources: Source[], identity: Identity, view: SendView) {
    this.#sources = sources;
    this.#identity = identity;
    this.#view = view;
    this.#signaling = new Signaling(signalUrl(document.baseURI), {
      hello: (iceServers) => this.#hello(iceServers),
      message: (message) => this.#take(message),
      down: (problem) => this.#down(problem),
    });
  }

  start(): void {
    this.#signaling.start();
  }

  stop(): void {
    this.#over = true;
    this.#sender?.cancel();
    // The abort needs a moment to leave before the connection goes.
    const link = this.#link;
    setTimeout(() => link?.close(), this.#sender ? 500 : 0);
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
    if (!this.#link?.isOpen) this.#newCode(undefined);
  }

  #down(problem: Problem): void {
    if (this.#link?.isOpen || this.#over) return;
    this.#link?.close();
    this.#link = undefined;
    this.#code = undefined;
    this.#view.offline(problem);
  }

  #newCode(notice: Problem | undefined): void {
    this.#notice = notice;
    if (this.#code) this.#signaling.send({ type: "release-code", number: this.#code.number });
    this.#code = undefined;
    this.#signaling.send({ type: "create-code" });
  }

  // The same code for one more use.
  #reopen(notice: Problem): void {
    this.#link?.close();
    this.#link = undefined;
    this.#sender = undefined;
    this.#notice = notice;
    if (this.#code) this.#signaling.send({ type: "reopen-code", number: this.#code.number });
    else this.#newCode(notice);
  }

  #take(message: ServerMessage): void {
    switch (message.type) {
      case "code":
        return this.#onCode(message["number"]);
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

  #onCode(number: unknown): void {
    if (typeof number !== "number" || !Number.isSafeInteger(number) || number < 0) return;
    if (this.#code?.number !== number) {
      this.#code = { number, words: codes.randomWords() };
      this.#view.code(this.#code);
    }
    this.#view.waiting(this.#notice);
  }

  #onPaired(peer: unknown): void {
    if (typeof peer !== "string" || !this.#code || this.#link) return;
    this.#peer = peer;
    this.#view.step("checking");
    const options = {
      ...this.#identity,
      role: "A",
      code: codes.format(this.#code),
      iceServers: this.#iceServers,
    } as const;
    this.#link = new Link(options, {
      signal: (data) => this.#signaling.send({ type: "signal", to: peer, data }),
      canSignal: () => this.#signaling.isUp,
      confirmed: () => this.#view.step("connecting"),
      channel: (channel) => void this.#transfer(channel),
      state: (state) => this.#view.unsteady(state === "disconnected" || state === "failed"),
      failed: (problem) => this.#linkFailed(problem),
    });
  }

  #left(): void {
    if (!this.#link) return;
    if (this.#link.isOpen) this.#link.peerLeft();
    else if (this.#link.isSpent) this.#linkFailed(new Problem("wrong-code"));
    else this.#reopen(new Problem("peer-gone"));
  }

  #linkFailed(problem: Problem): void {
    const link = this.#link;
    if (!link || this.#over) return;
    if (problem.code === "fingerprint") return this.#fail(problem);
    if (link.isOpen) return this.#sender?.lose(); // Which ends the transfer, and leads to #lost.
    link.close();
    this.#link = undefined;
    if (link.isSpent || problem.code === "bad-peer") this.#newCode(problem);
    else this.#reopen(problem);
  }

  #onError(message: ServerMessage): void {
    if (message["re"] === "signal" && this.#link && !this.#link.isOpen) return this.#left();
    if (message["re"] === "reopen-code") return this.#newCode(this.#notice);
    if (message["re"] !== "create-code") return;
    const known: ProblemCode[] = ["rate-limited", "too-many"];
    const code = known.find((one) => one === message["code"]) ?? "server-error";
    this.#fail(new Problem(code));
  }

  async #transfer(channel: RTCDataChannel): Promise<void> {
    const link = this.#link!;
    this.#view.step("asking");
    const sender = new Sender(channel, this.#sources, {
      accepted: () => this.#view.started(link.peer!),
      item: (index) => this.#view.item(index),
      progress: (bytes, index, itemBytes) => this.#view.progress(bytes, index, itemBytes),
      saved: (index) => this.#view.saved(index),
    });
    this.#sender = sender;
    try {
      await sender.run();
      this.#over = true;
      this.#view.done();
      link.close();
      this.#signaling.stop();
    } catch (thrown) {
      this.#lost(link, toProblem(thrown, "io"));
    }
  }

  #lost(link: Link, problem: Problem): void {
    if (this.#over) return;
    const isAccident = problem.code === "connection-lost" || problem.code === "peer-gone";
    if (!isAccident) setTimeout(() => link.close(), 500);
    if (isAccident && this.#signaling.isUp) return this.#reopen(new Problem("connection-lost"));
    this.#fail(problem);
  }

  #fail(problem: Problem): void {
    this.#over = true;
    if (problem.code === "fingerprint") this.#link?.close();
    this.#signaling.stop();
    this.#view.failed(problem);
  }
}
