// Pairing: the messages that turn a code into a confirmed fingerprint, before any description
// (docs/SIGNALING.md, "The words make the key").
//
//   paired ──► send share ──► got share: send confirm ──► got confirm ──► done
//                                                     └──► does not match: abort, wrong-code
//
// Input is `receive`; what is to be said goes out through `send`. Nothing here waits or retries.

import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import * as pake from "./pake.ts";
import { isFingerprint } from "./fingerprint.ts";
import { Problem } from "./problem.ts";

export type PairingState = "sharing" | "confirming" | "done" | "failed";

export class Pairing {
  state: PairingState = "sharing";
  peerFingerprint = "";
  // Once our confirmation is out, the other side can check its one guess with it. A code that has
  // come this far without a right answer is used up.
  guessed = false;

  readonly #role: pake.Role;
  readonly #w: bigint;
  readonly #secret = pake.randomScalar();
  readonly #fingerprint: string;
  readonly #send: (data: object) => void;
  #expected = new Uint8Array();

  constructor(role: pake.Role, code: string, fingerprint: string, send: (data: object) => void) {
    this.#role = role;
    this.#w = pake.passwordScalar(code);
    this.#fingerprint = fingerprint;
    this.#send = send;
  }

  start(): void {
    const share = bytesToHex(pake.share(this.#role, this.#w, this.#secret));
    this.#send({ pake: { version: 1, share, fingerprint: this.#fingerprint } });
  }

  // Takes one `data` of the peer. Throws a Problem when the pairing cannot succeed any more; the
  // peer has then been told.
  receive(data: unknown): void {
    const message = data as Record<string, unknown> | null;
    if (typeof message !== "object" || message === null) return;
    if (this.state === "sharing" && "pake" in message) this.#takeShare(message["pake"]);
    else if (this.state === "confirming" && "confirm" in message) this.#check(message["confirm"]);
    else if ("abort" in message) this.#aborted(message["abort"]);
    else if ("pake" in message || "confirm" in message) this.#fail("bad-message");
    else if (this.state !== "done" && "description" in message) this.#fail("bad-message");
  }

  #takeShare(value: unknown): void {
    const { version, share, fingerprint } = (value ?? {}) as Record<string, unknown>;
    if (version !== 1) this.#fail("bad-version");
    if (typeof share !== "string" || typeof fingerprint !== "string") this.#fail("bad-message");
    if (!isFingerprint(fingerprint)) this.#fail("bad-message");
    // A reflected share would make the two sides agree on nothing, but there is no need to find out.
    if (fingerprint === this.#fingerprint) this.#fail("wrong-code");
    this.peerFingerprint = fingerprint;
    let keys: pake.Keys;
    try {
      keys = pake.finish({
        role: this.#role,
        w: this.#w,
        secret: this.#secret,
        ourIdentity: this.#fingerprint,
        theirIdentity: fingerprint,
        theirShare: hexToBytes(share),
      });
    } catch {
      this.#fail("bad-message");
    }
    this.#expected = new Uint8Array(keys.expected);
    this.state = "confirming";
    this.guessed = true;
    this.#send({ confirm: bytesToHex(keys.confirmation) });
  }

  #check(value: unknown): void {
    const good =
      typeof value === "string" &&
      /^[0-9a-f]{64}$/i.test(value) &&
      pake.equal(hexToBytes(value.toLowerCase()), this.#expected);
    if (!good) this.#fail("wrong-code");
    this.state = "done";
  }

  #aborted(value: unknown): never {
    const wasDone = this.state === "done";
    this.state = "failed";
    const code = (value as Record<string, unknown> | null)?.["code"];
    throw new Problem(code === "wrong-code" && !wasDone ? "wrong-code" : "peer-gone");
  }

  #fail(why: "wrong-code" | "bad-message" | "bad-version"): never {
    this.state = "failed";
    const text = {
      "wrong-code": "The codes are not the same, or the server is in the middle.",
      "bad-message": "The pairing messages make no sense.",
      "bad-version": "This side speaks version 1 of the pairing.",
    }[why];
    this.#send({ abort: { code: why, text } });
    throw new Problem(why === "wrong-code" ? "wrong-code" : "bad-peer");
  }
}
