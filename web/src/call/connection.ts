// The connection of a call: one picture, one sound and a data channel each way, whose descriptions go by perfect negotiation (RFC
// 9429 §4.1.8.2; W3C webrtc-pc §10.7).
//
// Who was there first makes the offer, with an audio and a video section and the channel. Nothing needs negotiating after that:
// a microphone, a camera and a screen take each other's places in the same senders, and no track is silence or no picture. What the
// sections hold is said over the channel. Both sides restart ICE when the path is gone, the first one at once, the other later.

import { candidateFrom } from "../connection.ts";
import {
  asObject,
  CHANNEL_LABEL,
  CHANNEL_PROTOCOL,
  readChannelMessage,
  type ChannelMessage,
  type MediaState,
} from "./messages.ts";

const CANDIDATES_MAX = 200; // Between two descriptions.
const EARLY_MAX = 50;
const RESTART_FIRST_MS = 1_000;
const RESTART_POLITE_MS = 4_000; // So that rarely both restart at once.
const RESTART_AGAIN_MS = 8_000;

export type Kind = "audio" | "video";
export const KINDS: Kind[] = ["audio", "video"];

export interface CallHandlers {
  send(data: object): void; // To the peer, through the server.
  canSignal(): boolean;
  state(): void;
  track(track: MediaStreamTrack): void;
  message(message: ChannelMessage): void;
  ended(): void; // The other side has ended it.
}

export class CallConnection {
  readonly peer: RTCPeerConnection;
  readonly #handlers: CallHandlers;
  readonly #stream = new MediaStream(); // Of both tracks, so that the other side keeps them in sync (RFC 5888 §7).
  readonly #transceivers = new Map<Kind, RTCRtpTransceiver>();
  readonly #tracks = new Map<Kind, MediaStreamTrack | null>();
  #state: MediaState = { audio: "none", video: "none" };
  #channel: RTCDataChannel | undefined;
  #isPolite = true;
  #hasBegun = false;
  #early: RTCIceCandidateInit[] = [];
  #candidateCount = 0;
  #ignores = false; // The candidates of an offer that we did not take.
  #work: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #over = false;
  wasConnected = false;
  hasRelay = false; // It gave us an address.

  constructor(iceServers: RTCIceServer[], handlers: CallHandlers) {
    this.#handlers = handlers;
    this.peer = makePeer(iceServers);
    this.peer.onnegotiationneeded = () => this.#enqueue(() => this.#offer());
    this.peer.onicecandidate = ({ candidate }) => {
      this.hasRelay ||= / typ relay /.test(candidate?.candidate ?? "");
      handlers.send({ candidate: candidate?.candidate ? candidate.toJSON() : null });
    };
    this.peer.ontrack = ({ track }) => handlers.track(track);
    this.peer.ondatachannel = ({ channel }) => this.#onChannel(channel);
    this.peer.onconnectionstatechange = () => this.#onState();
  }

  get isConnected(): boolean {
    return this.peer.connectionState === "connected";
  }

  // Both sides have found each other on the server, perhaps not for the first time.
  meet(isPolite: boolean, iceServers: RTCIceServer[]): void {
    this.#isPolite = isPolite;
    if (this.#hasBegun) {
      this.#configure(iceServers);
      this.#enqueue(() => this.#resume());
    } else if (!isPolite) {
      this.#begin();
    }
    this.#hasBegun = true;
  }

  // Takes one `data` of the peer, in order: each waits for the one before.
  receive(data: unknown): void {
    const message = asObject(data);
    if (!message) return;
    if ("description" in message) this.#enqueue(() => this.#describe(message["description"]));
    else if ("candidate" in message) this.#enqueue(() => this.#candidate(message["candidate"]));
  }

  setTracks(tracks: Record<Kind, MediaStreamTrack | null>, state: MediaState): void {
    this.#state = state;
    for (const kind of KINDS) {
      this.#tracks.set(kind, tracks[kind]);
      this.#attach(kind);
    }
    this.say({ type: "state", ...state });
  }

  // False where there is no channel to say it over.
  say(message: ChannelMessage): boolean {
    if (this.#channel?.readyState !== "open") return false;
    this.#channel.send(JSON.stringify(message));
    return true;
  }

  close(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.peer.close();
  }

  #begin(): void {
    for (const kind of KINDS) {
      const init: RTCRtpTransceiverInit = { direction: "sendrecv", streams: [this.#stream] };
      this.#transceivers.set(kind, this.peer.addTransceiver(kind, init));
      this.#attach(kind);
    }
    this.#follow(this.peer.createDataChannel(CHANNEL_LABEL, { protocol: CHANNEL_PROTOCOL }));
  }

  #configure(iceServers: RTCIceServer[]): void {
    try {
      this.peer.setConfiguration({ iceServers });
    } catch {
      // A list that the browser cannot read: the one of before stays.
    }
  }

  #attach(kind: Kind): void {
    const sender = this.#transceivers.get(kind)?.sender;
    const track = this.#tracks.get(kind) ?? null;
    if (sender && sender.track !== track) void sender.replaceTrack(track).catch(() => undefined);
  }

  #enqueue(job: () => Promise<void>): void {
    this.#work = this.#work
      .then(() => (this.#over ? undefined : job()))
      // What one cannot use of a description is told by a connection that does not come about; the next may be better.
      .catch(() => undefined);
  }

  async #offer(): Promise<void> {
    if (this.peer.signalingState !== "stable") return; // The browser asks again.
    await this.peer.setLocalDescription();
    this.#tell();
  }

  // What was on its way when the server went is lost. A path that works is left alone: after a restart between Chromium and
  // Firefox, pictures may stop for many seconds.
  async #resume(): Promise<void> {
    await this.#takeBack();
    if (!this.#isPolite && !this.isConnected) await this.#restart();
  }

  async #takeBack(): Promise<void> {
    if (this.peer.signalingState === "have-local-offer") await this.peer.setLocalDescription({ type: "rollback" });
  }

  async #restart(): Promise<void> {
    if (!this.#handlers.canSignal()) return;
    await this.#takeBack();
    this.peer.restartIce();
    await this.#offer();
  }

  #tell(): void {
    if (!this.#over) this.#handlers.send({ description: this.peer.localDescription?.toJSON() });
  }

  async #describe(value: unknown): Promise<void> {
    const { type, sdp } = asObject(value) ?? {};
    if ((type !== "offer" && type !== "answer") || typeof sdp !== "string") return;
    const isStable = this.peer.signalingState === "stable";
    if (type === "answer" && isStable) return; // To an offer that was taken back.
    this.#ignores = type === "offer" && !isStable && !this.#isPolite;
    this.#candidateCount = 0;
    if (this.#ignores) return;
    await this.peer.setRemoteDescription({ type, sdp });
    if (type === "offer") {
      this.#adopt();
      await this.peer.setLocalDescription();
      this.#tell();
    }
    for (const candidate of this.#early.splice(0)) await this.#add(candidate);
  }

  // The sections of the other side's offer take our tracks as well.
  #adopt(): void {
    for (const transceiver of this.peer.getTransceivers()) {
      const kind = transceiver.receiver.track.kind as Kind;
      if (this.#transceivers.has(kind) || transceiver.mid === null) continue;
      this.#transceivers.set(kind, transceiver);
      transceiver.direction = "sendrecv";
      transceiver.sender.setStreams?.(this.#stream);
      this.#attach(kind);
    }
  }

  async #candidate(value: unknown): Promise<void> {
    if (this.#ignores || ++this.#candidateCount > CANDIDATES_MAX) return;
    const init = candidateFrom(value);
    if (!init) return;
    if (this.peer.remoteDescription) await this.#add(init);
    else if (this.#early.length < EARLY_MAX) this.#early.push(init);
  }

  async #add(candidate: RTCIceCandidateInit): Promise<void> {
    try {
      await this.peer.addIceCandidate(candidate);
    } catch {
      // One that is of an older description, or that this browser cannot read.
    }
  }

  #onChannel(channel: RTCDataChannel): void {
    const isOurs = channel.label === CHANNEL_LABEL && channel.protocol === CHANNEL_PROTOCOL;
    if (this.#channel || !isOurs) return channel.close();
    this.#follow(channel);
  }

  #follow(channel: RTCDataChannel): void {
    this.#channel = channel;
    const greet = () => this.say({ type: "state", ...this.#state });
    channel.onopen = greet;
    if (channel.readyState === "open") greet();
    channel.onmessage = ({ data }) => {
      const message = readChannelMessage(data);
      if (message && !this.#over) this.#handlers.message(message);
    };
    // The first sign of an end on the other side: ICE needs half a minute to be sure.
    channel.onclose = () => {
      if (!this.#over) this.#handlers.ended();
    };
  }

  #onState(): void {
    if (this.#over) return;
    clearTimeout(this.#timer);
    const state = this.peer.connectionState;
    if (state === "connected") this.wasConnected = true;
    else if (this.wasConnected && (state === "disconnected" || state === "failed")) {
      this.#restartIn(this.#isPolite ? RESTART_POLITE_MS : RESTART_FIRST_MS);
    }
    this.#handlers.state();
  }

  #restartIn(wait: number): void {
    this.#timer = setTimeout(() => {
      this.#enqueue(() => this.#restart());
      this.#restartIn(RESTART_AGAIN_MS);
    }, wait);
  }
}

function makePeer(iceServers: RTCIceServer[]): RTCPeerConnection {
  try {
    return new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
  } catch {
    // A server list that the browser cannot read costs us its help, not the call.
    return new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  }
}
