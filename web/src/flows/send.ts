// Sending: hold a code open, and give the files to whoever knows its words.
//
// One guess, one code: when somebody fails to prove the words, the code is released and another
// takes its place. When a confirmed receiver is lost, the same code waits for it to come back.

import * as codes from "../code.ts";
import { Problem, toProblem, type ProblemCode } from "../problem.ts";
import type { ServerMessage } from "../signaling.ts";
import { Sender, type SenderEvents, type Source } from "../transfer/sender.ts";
import { Flow, type FlowView } from "./flow.ts";
import type { Link, Identity } from "./link.ts";

export interface SendView extends FlowView, Omit<SenderEvents, "accepted"> {
  code(code: codes.Code): void;
  // Waiting under the code that is shown; `notice` is why, where there was an accident.
  waiting(notice?: Problem): void;
  step(step: "checking" | "connecting" | "asking"): void;
  started(peer: RTCPeerConnection): void;
  done(): void;
  offline(problem: Problem): void; // The server is away; the client keeps trying.
}

export class SendFlow extends Flow {
  protected code: codes.Code | undefined;
  readonly #sources: Source[];
  readonly #view: SendView;
  #notice: Problem | undefined;

  constructor(sources: Source[], identity: Identity, view: SendView) {
    super("A", identity, view);
    this.#sources = sources;
    this.#view = view;
  }

  protected hello(): void {
    if (!this.link?.isOpen) this.#newCode(undefined);
  }

  protected down(problem: Problem): void {
    this.link?.close();
    this.link = undefined;
    this.code = undefined;
    this.#view.offline(problem);
  }

  #newCode(notice: Problem | undefined): void {
    this.#notice = notice;
    if (this.code) this.signaling.send({ type: "release-code", number: this.code.number });
    this.code = undefined;
    this.signaling.send({ type: "create-code" });
  }

  // The same code for one more use.
  #reopen(notice: Problem): void {
    this.link?.close();
    this.link = undefined;
    this.transfer = undefined;
    this.#notice = notice;
    if (this.code) this.signaling.send({ type: "reopen-code", number: this.code.number });
    else this.#newCode(notice);
  }

  protected take(message: ServerMessage): void {
    if (message.type === "code") this.#onCode(message["number"]);
    else if (message.type === "error") this.#onError(message);
  }

  #onCode(number: unknown): void {
    if (typeof number !== "number" || !Number.isSafeInteger(number) || number < 0) return;
    if (this.code?.number !== number) {
      this.code = { number, words: codes.randomWords() };
      this.#view.code(this.code);
    }
    this.#view.waiting(this.#notice);
  }

  #onError(message: ServerMessage): void {
    if (message["re"] === "reopen-code") return this.#newCode(this.#notice);
    if (message["re"] !== "create-code") return;
    const known: ProblemCode[] = ["rate-limited", "too-many"];
    this.fail(new Problem(known.find((one) => one === message["code"]) ?? "server-error"));
  }

  protected linkFailed(problem: Problem, link: Link): void {
    link.close();
    this.link = undefined;
    if (link.isSpent || problem.code === "bad-peer") this.#newCode(problem);
    else this.#reopen(problem);
  }

  protected async run(channel: RTCDataChannel, link: Link): Promise<void> {
    this.#view.step("asking");
    const sender = new Sender(channel, this.#sources, {
      accepted: () => this.#view.started(link.peer!),
      item: (index) => this.#view.item(index),
      progress: (bytes, index, itemBytes) => this.#view.progress(bytes, index, itemBytes),
      saved: (index) => this.#view.saved(index),
    });
    this.transfer = sender;
    try {
      await sender.run();
      this.over = true;
      this.#view.done();
      link.close();
      this.signaling.stop();
    } catch (thrown) {
      this.#lost(toProblem(thrown, "io"));
    }
  }

  #lost(problem: Problem): void {
    if (this.over) return;
    const isAccident = problem.code === "connection-lost" || problem.code === "peer-gone";
    if (isAccident && this.signaling.isUp) this.#reopen(new Problem("connection-lost"));
    else this.fail(problem);
  }
}
