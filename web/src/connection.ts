// The connection: an RTCPeerConnection with one data channel, to the very peer that was confirmed.
//
// The creator of the code offers. A description whose fingerprint is not the confirmed one is
// refused, loudly. Candidates trickle. When ICE fails while signaling is up, the offerer restarts it.

import { isOnlyFingerprint } from "./fingerprint.ts";
import { noPath, Problem } from "./problem.ts";

export const CHANNEL_LABEL = "files";
export const CHANNEL_PROTOCOL = "yodel-transfer-1";
const CONNECT_WAIT_MS = 45_000;
const GONE_WAIT_MS = 4_000;
const TRIED_MS = 10_000; // Who leaves after so long without a path has found none either.
const RESTART_WAIT_MS = 1_000;
const CANDIDATES_MAX = 100;
const MISMATCH = "fingerprint-mismatch";
const NO_PATH = "no-path";

export interface ConnectionHandlers {
  send(data: object): void; // To the peer, through the server.
  canSignal(): boolean;
  channel(channel: RTCDataChannel): void;
  state(state: RTCPeerConnectionState): void;
  failed(problem: Problem): void;
}

export interface ConnectionOptions {
  offerer: boolean;
  iceServers: RTCIceServer[];
  certificate: RTCCertificate;
  peerFingerprint: string;
}

export class Connection {
  readonly peer: RTCPeerConnection;
  readonly #options: ConnectionOptions;
  readonly #handlers: ConnectionHandlers;
  readonly #begun = performance.now();
  #early: RTCIceCandidateInit[] = [];
  #candidateCount = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #work: Promise<void> = Promise.resolve();
  #over = false;
  #opened = false;
  #peerLeft = false;
  #hasRelay = false; // It gave us an address.

  constructor(options: ConnectionOptions, handlers: ConnectionHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.peer = makePeer(options);
    this.peer.onicecandidate = ({ candidate }) => {
      this.#hasRelay ||= / typ relay /.test(candidate?.candidate ?? "");
      handlers.send({ candidate: candidate && candidate.candidate ? candidate.toJSON() : null });
    };
    this.peer.onconnectionstatechange = () => this.#onState();
    this.peer.ondatachannel = ({ channel }) => this.#onChannel(channel);
    this.#timer = setTimeout(() => this.#giveUp(), CONNECT_WAIT_MS);
    if (options.offerer) {
      const channel = this.peer.createDataChannel(CHANNEL_LABEL, { protocol: CHANNEL_PROTOCOL });
      channel.binaryType = "arraybuffer";
      channel.onopen = () => this.#open(channel);
      this.#enqueue(() => this.#offer());
    }
  }

  // Takes one `data` of the peer, in order: each waits for the one before.
  receive(data: unknown): void {
    const message = data as Record<string, unknown> | null;
    if (typeof message !== "object" || message === null || this.#over) return;
    if ("description" in message) this.#enqueue(() => this.#describe(message["description"]));
    else if ("candidate" in message) this.#enqueue(() => this.#candidate(message["candidate"]));
    else if ("abort" in message) this.#aborted(message["abort"]);
  }

  // The peer's signaling is gone. That alone means nothing, since the server may die; but a
  // connection that is silent then is not coming back.
  peerLeft(): void {
    this.#peerLeft = true;
    if (!this.#opened) {
      const hasTried = performance.now() - this.#begun > TRIED_MS;
      return this.#fail(hasTried ? this.#noPath() : new Problem("peer-gone"));
    }
    if (this.peer.connectionState !== "connected") this.#onState();
  }

  close(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.peer.close();
  }

  #enqueue(job: () => Promise<void>): void {
    this.#work = this.#work
      .then(() => (this.#over ? undefined : job()))
      .catch((thrown: unknown) =>
        this.#fail(thrown instanceof Problem ? thrown : new Problem("bad-peer")),
      );
  }

  async #offer(options?: RTCOfferOptions): Promise<void> {
    await this.peer.setLocalDescription(await this.peer.createOffer(options));
    this.#handlers.send({ description: this.peer.localDescription?.toJSON() });
  }

  async #describe(value: unknown): Promise<void> {
    const { type, sdp } = (value ?? {}) as Record<string, unknown>;
    const wanted = this.#options.offerer ? "answer" : "offer";
    if (type !== wanted || typeof sdp !== "string") throw new Problem("bad-peer");
    if (!isOnlyFingerprint(sdp, this.#options.peerFingerprint)) {
      const text = "the fingerprint is not the one that the code proved";
      this.#handlers.send({ abort: { code: MISMATCH, text } });
      throw new Problem("fingerprint");
    }
    await this.peer.setRemoteDescription({ type: wanted, sdp });
    if (wanted === "offer") {
      await this.peer.setLocalDescription(await this.peer.createAnswer());
      this.#handlers.send({ description: this.peer.localDescription?.toJSON() });
    }
    const early = this.#early;
    this.#early = [];
    for (const candidate of early) await this.#add(candidate);
  }

  // The peer refused our description, as somebody between us changed it, or gave up looking for a path. Once
  // the channel stands, what comes by way of the server ends nothing.
  #aborted(value: unknown): void {
    const code = (value as Record<string, unknown> | null)?.["code"];
    if (this.#opened) return;
    if (code === MISMATCH) this.#fail(new Problem("fingerprint"));
    else if (code === NO_PATH) this.#fail(this.#noPath());
  }

  async #candidate(value: unknown): Promise<void> {
    if (value === null || ++this.#candidateCount > CANDIDATES_MAX) return;
    const init = candidateFrom(value);
    if (!init) return;
    if (this.peer.remoteDescription) await this.#add(init);
    else this.#early.push(init);
  }

  async #add(candidate: RTCIceCandidateInit): Promise<void> {
    try {
      await this.peer.addIceCandidate(candidate);
    } catch {
      // One candidate that this browser cannot read is no reason to give up on the others.
    }
  }

  #onChannel(channel: RTCDataChannel): void {
    if (this.#options.offerer || this.#opened) return channel.close();
    if (channel.label !== CHANNEL_LABEL || channel.protocol !== CHANNEL_PROTOCOL) {
      return channel.close();
    }
    channel.binaryType = "arraybuffer";
    this.#open(channel);
  }

  #open(channel: RTCDataChannel): void {
    this.#opened = true;
    clearTimeout(this.#timer);
    this.#handlers.channel(channel);
  }

  #onState(): void {
    if (this.#over) return;
    const state = this.peer.connectionState;
    this.#handlers.state(state);
    if (!this.#opened) {
      if (state === "failed") this.#giveUp();
      return;
    }
    clearTimeout(this.#timer);
    const canRestart = this.#handlers.canSignal() && !this.#peerLeft;
    if (state === "failed" && !canRestart) this.#fail(new Problem("connection-lost"));
    else if (state === "failed") this.#restart();
    else if (state === "disconnected" && canRestart) this.#restartSoon();
    else if (state === "disconnected" && this.#peerLeft) this.#loseIn(GONE_WAIT_MS);
  }

  // The browser may yet find its way back; ICE without new addresses of ours often cannot.
  #restartSoon(): void {
    this.#timer = setTimeout(() => this.#restart(), RESTART_WAIT_MS);
  }

  #giveUp(): void {
    this.#handlers.send({ abort: { code: NO_PATH, text: "no path was found" } });
    this.#fail(this.#noPath());
  }

  #noPath(): Problem {
    return noPath(this.#options.iceServers, this.#hasRelay);
  }

  #restart(): void {
    this.#loseIn(CONNECT_WAIT_MS);
    if (this.#options.offerer) this.#enqueue(() => this.#offer({ iceRestart: true }));
  }

  #loseIn(wait: number): void {
    this.#timer = setTimeout(() => this.#fail(new Problem("connection-lost")), wait);
  }

  #fail(problem: Problem): void {
    if (this.#over) return;
    this.close();
    this.#handlers.failed(problem);
  }
}

function makePeer(options: ConnectionOptions): RTCPeerConnection {
  const certificates = [options.certificate];
  try {
    return new RTCPeerConnection({ certificates, iceServers: options.iceServers });
  } catch {
    // A server list that the browser cannot read costs us its help, not the connection.
    return new RTCPeerConnection({ certificates });
  }
}

export function candidateFrom(value: unknown): RTCIceCandidateInit | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { candidate, sdpMid, sdpMLineIndex, usernameFragment } = value as Record<string, unknown>;
  if (typeof candidate !== "string" || candidate === "" || candidate.length > 1000) {
    return undefined;
  }
  const init: RTCIceCandidateInit = { candidate };
  init.sdpMid = typeof sdpMid === "string" ? sdpMid : null;
  init.sdpMLineIndex = typeof sdpMLineIndex === "number" ? sdpMLineIndex : null;
  if (init.sdpMid === null && init.sdpMLineIndex === null) init.sdpMLineIndex = 0;
  if (typeof usernameFragment === "string") init.usernameFragment = usernameFragment;
  return init;
}
