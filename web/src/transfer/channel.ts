// What a transfer needs of a data channel: RTCDataChannel has it, and so has the fake of the tests.

import { Problem, isProblemCode } from "../problem.ts";
import type { AbortCode } from "./messages.ts";

export interface Channel {
  readonly readyState: RTCDataChannelState;
  readonly bufferedAmount: number;
  bufferedAmountLowThreshold: number;
  send(data: string): void;
  send(data: Uint8Array<ArrayBuffer>): void;
  onmessage: ((event: MessageEvent) => unknown) | null;
  onbufferedamountlow: ((event: Event) => unknown) | null;
  onclose: ((event: Event) => unknown) | null;
}

// Lets one waiter sleep until something happened, or went wrong for good.
export class Bell {
  #ring: (() => void) | undefined;
  #problem: unknown;

  ring(): void {
    this.#ring?.();
    this.#ring = undefined;
  }

  break(problem: unknown): void {
    this.#problem ??= problem;
    this.ring();
  }

  check(): void {
    if (this.#problem) throw this.#problem;
  }

  async until(isTrue: () => boolean): Promise<void> {
    for (;;) {
      this.check();
      if (isTrue()) return;
      await new Promise<void>((resolve) => (this.#ring = resolve));
    }
  }
}

// A Problem that the other side's abort stands for.
export function problemOfAbort(code: string): Problem {
  if (code === "bad-message") return new Problem("bad-peer");
  return new Problem(isProblemCode(code) ? code : "cancelled");
}

// The abort that tells the other side of our problem.
export function abortOfProblem(problem: Problem): AbortCode {
  switch (problem.code) {
    case "cancelled":
    case "disk-full":
    case "file-changed":
    case "hash-mismatch":
    case "too-large":
      return problem.code;
    case "bad-peer":
      return "bad-message";
    default:
      return "io";
  }
}

export function sendAbort(channel: Channel, problem: Problem): void {
  if (channel.readyState !== "open") return;
  try {
    channel.send(
      JSON.stringify({ type: "abort", code: abortOfProblem(problem), text: problem.message }),
    );
  } catch {
    // Whoever cannot be told will notice that we are gone.
  }
}
