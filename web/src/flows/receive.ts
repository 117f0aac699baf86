// Receiving: use a code once, prove the words, and take what is offered.

import * as codes from "../code.ts";
import { Problem, toProblem, type ProblemCode } from "../problem.ts";
import type { ServerMessage } from "../signaling.ts";
import { Receiver, type Offer, type ReceiverEvents, type Store } from "../transfer/receiver.ts";
import { Flow, type FlowView } from "./flow.ts";
import type { Link, Identity } from "./link.ts";

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

export interface ReceiveView extends FlowView, ReceiverEvents {
  step(step: "looking" | "checking" | "connecting" | "offer"): void;
  started(peer: RTCPeerConnection): void;
  done(): void | Promise<void>;
  offline(problem: Problem): void;
}

export class ReceiveFlow extends Flow {
  protected readonly code: codes.Code;
  readonly #view: ReceiveView;
  #returns = 0; // Times that the code was asked for again.

  constructor(code: codes.Code, identity: Identity, view: ReceiveView) {
    super("B", identity, view);
    this.code = code;
    this.#view = view;
  }

  override start(): void {
    this.#view.step("looking");
    super.start();
  }

  protected hello(): void {
    if (this.link || this.over) return;
    this.signaling.send({ type: "use-code", number: this.code.number });
  }

  protected down(problem: Problem): void {
    // The pair broke with the server: the sender's next code is another one.
    if (this.link) return this.fail(new Problem("peer-gone"));
    this.#view.offline(problem);
  }

  protected take(message: ServerMessage): void {
    if (message.type !== "error" || message["re"] !== "use-code") return;
    const wait = RETURN_WAITS_MS[this.#returns++];
    if (message["code"] === "used-code" && wait !== undefined && hasMet(this.code)) {
      setTimeout(() => this.hello(), wait);
      return;
    }
    const known: ProblemCode[] = ["unknown-code", "used-code", "rate-limited"];
    this.fail(new Problem(known.find((one) => one === message["code"]) ?? "server-error"));
  }

  protected override confirmed(): void {
    noteMet(this.code);
  }

  protected linkFailed(problem: Problem): void {
    this.fail(problem);
  }

  protected async run(channel: RTCDataChannel, link: Link): Promise<void> {
    this.signaling.release();
    this.#view.step("offer");
    const receiver = new Receiver(channel, {
      offer: (offer) => this.#offer(offer, link),
      item: (index) => this.#view.item(index),
      progress: (bytes, index, itemBytes) => this.#view.progress(bytes, index, itemBytes),
      saved: (index) => this.#view.saved(index),
    });
    this.transfer = receiver;
    try {
      await receiver.run();
      if (this.over) return;
      this.over = true;
      noteMet(undefined);
      link.close();
      this.signaling.stop();
      await this.#view.done();
    } catch (thrown) {
      this.fail(toProblem(thrown, "io"));
    }
  }

  async #offer(offer: Offer, link: Link): Promise<Store | undefined> {
    const store = await this.#view.offer(offer);
    if (store) this.#view.started(link.peer!);
    return store;
  }
}
