// A call: the way to the server, the room, and the connection with whoever else is there. The server may go and come back without
// the call noticing; a partner may go and come back without anybody joining again.

import { CallConnection } from "../call/connection.ts";
import type { Media } from "../call/media.ts";
import { abortCode, type ChannelMessage, type MediaState } from "../call/messages.ts";
import { Room, type Meeting } from "../call/room.ts";
import { noPath, Problem, type ProblemCode } from "../problem.ts";
import { Signaling, signalUrl, type ServerMessage } from "../signaling.ts";

const ANSWER_WAIT_MS = 2_000; // For those who are in the room to say who they are.
const CONNECT_WAIT_MS = 45_000;
const GONE_WAIT_MS = 6_000; // A partner without server and without path.
const REJOIN_WAIT_MS = 3_000;
const LEAVE_MS = 300; // For the last word to go out.

export type CallState =
  | "joining"
  | "alone"
  | "connecting"
  | "connected"
  | "reconnecting"
  | "away" // Gone without a word: a reload, a network.
  | "left";

export interface CallView {
  state(state: CallState): void;
  server(isUp: boolean): void;
  connection(connection: CallConnection | undefined): void; // Another one, or none any more.
  track(track: MediaStreamTrack): void;
  remote(state: MediaState): void;
  chat(text: string): void;
  failed(problem: Problem): void; // Over.
}

export class CallFlow {
  readonly #roomName: string;
  readonly #media: Media;
  readonly #view: CallView;
  readonly #signaling: Signaling;
  readonly #room: Room;
  #connection: CallConnection | undefined;
  #iceServers: RTCIceServer[] = [];
  #isSettled = false;
  #lastSeen: "alone" | "away" | "left" = "alone";
  #settleTimer: ReturnType<typeof setTimeout> | undefined;
  #pathlessSince: number | undefined;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  #rejoinTimer: ReturnType<typeof setTimeout> | undefined;
  #over = false;

  constructor(roomName: string, member: string, media: Media, view: CallView) {
    this.#roomName = roomName;
    this.#media = media;
    this.#view = view;
    this.#signaling = new Signaling(signalUrl(document.baseURI), {
      hello: (iceServers) => this.#hello(iceServers),
      message: (message) => this.#take(message),
      down: () => this.#down(),
    });
    this.#room = new Room(member, {
      say: (to, data) => this.#signaling.send({ type: "signal", to, data }),
      met: (meeting) => this.#met(meeting),
      data: (data) => this.#data(data),
      away: () => this.#watch(),
      refused: () => this.#drop("alone"),
      full: () => this.#fail(new Problem("room-full")),
      settled: () => this.#settled(),
      isAlive: () => !!this.#connection?.isConnected,
    });
  }

  start(): void {
    this.#show();
    this.#signaling.start();
  }

  // What we send has changed.
  update(): void {
    this.#connection?.setTracks(this.#media.outgoing, this.#media.state);
  }

  chat(text: string): boolean {
    return this.#connection?.say({ type: "chat", text }) ?? false;
  }

  // For good, and the other side is told.
  leave(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    const isSaid = connection?.say({ type: "leave" });
    setTimeout(() => connection?.close(), isSaid ? LEAVE_MS : 0);
    this.stop();
  }

  // Without a word: the page goes, and may come back.
  stop(): void {
    this.#over = true;
    for (const timer of [this.#settleTimer, this.#watchdog, this.#rejoinTimer]) clearTimeout(timer);
    this.#connection?.close();
    this.#signaling.stop();
  }

  // ---- the server

  #hello(iceServers: RTCIceServer[]): void {
    this.#iceServers = iceServers;
    this.#view.server(true);
    this.#signaling.send({ type: "join", room: this.#roomName });
  }

  #down(): void {
    if (this.#over) return;
    clearTimeout(this.#settleTimer);
    this.#isSettled = false;
    this.#room.down();
    this.#view.server(false);
    this.#show();
  }

  #take(message: ServerMessage): void {
    switch (message.type) {
      case "joined": {
        const peers = Array.isArray(message["peers"]) ? message["peers"] : [];
        this.#settleTimer = setTimeout(() => this.#room.settle(), ANSWER_WAIT_MS);
        return this.#room.joined(peers.filter((peer) => typeof peer === "string"));
      }
      case "peer-left":
        return this.#room.peerLeft(String(message["peer"]));
      case "signal":
        return this.#room.signal(String(message["from"]), message["data"]);
      case "error":
        if (message["re"] === "join") this.#refused(message["code"]);
        return;
    }
  }

  #refused(code: unknown): void {
    const known: ProblemCode[] = ["bad-room", "rate-limited"];
    this.#fail(new Problem(known.find((one) => one === code) ?? "server-error"));
  }

  #rejoin(): void {
    if (!this.#signaling.isUp) return; // It joins when it is back.
    this.#signaling.send({ type: "leave" });
    this.#room.down();
    this.#signaling.send({ type: "join", room: this.#roomName });
  }

  // ---- the partner

  #settled(): void {
    clearTimeout(this.#settleTimer);
    this.#isSettled = true;
    this.#show();
  }

  #met({ isPolite, isKept }: Meeting): void {
    clearTimeout(this.#rejoinTimer);
    if (!isKept || !this.#connection) this.#connect();
    this.#connection?.meet(isPolite, this.#iceServers);
    this.#watch();
  }

  #connect(): void {
    this.#connection?.close();
    const connection = new CallConnection(this.#iceServers, {
      send: (data) => this.#room.say(data),
      canSignal: () => this.#room.canSignal,
      state: () => this.#onState(connection),
      track: (track) => this.#view.track(track),
      message: (message) => this.#onMessage(message),
      ended: () => this.#gone(),
    });
    this.#connection = connection;
    this.#pathlessSince = undefined;
    this.#view.connection(connection);
    this.update();
  }

  #data(data: unknown): void {
    if (abortCode(data) !== "no-path") this.#connection?.receive(data);
    else if (!this.#connection?.wasConnected) this.#fail(this.#noPath());
  }

  #onMessage(message: ChannelMessage): void {
    if (message.type === "chat") this.#view.chat(message.text);
    else if (message.type === "state") this.#view.remote({ audio: message.audio, video: message.video });
    else this.#drop("left");
  }

  #onState(connection: CallConnection): void {
    if (connection.peer.connectionState === "failed" && !connection.wasConnected) this.#giveUp();
    else this.#watch();
  }

  // Waits for a path as long as there is hope.
  #watch(): void {
    clearTimeout(this.#watchdog);
    if (this.#connection && !this.#connection.isConnected) {
      const now = performance.now();
      this.#pathlessSince ??= now;
      const isReachable = this.#room.canSignal || !this.#signaling.isUp;
      const wait = isReachable ? CONNECT_WAIT_MS : GONE_WAIT_MS;
      this.#watchdog = setTimeout(() => this.#giveUp(), Math.max(0, this.#pathlessSince + wait - now));
    } else {
      this.#pathlessSince = undefined;
    }
    this.#show();
  }

  #giveUp(): void {
    if (this.#connection?.wasConnected || !this.#room.canSignal) return this.#gone();
    this.#room.say({ abort: { code: "no-path", text: "no path was found" } });
    this.#fail(this.#noPath());
  }

  #noPath(): Problem {
    return noPath(this.#iceServers, !!this.#connection?.hasRelay);
  }

  // Whoever is still there, and has lost us as we have lost it, is met again by joining again.
  #gone(): void {
    this.#drop("away");
    this.#rejoinTimer = setTimeout(() => this.#rejoin(), REJOIN_WAIT_MS);
  }

  #drop(why: "alone" | "away" | "left"): void {
    this.#lastSeen = why;
    this.#room.part();
    this.#connection?.close();
    this.#connection = undefined;
    this.#view.connection(undefined);
    this.#watch();
  }

  #show(): void {
    if (!this.#over) this.#view.state(this.#stateNow());
  }

  #stateNow(): CallState {
    const connection = this.#connection;
    if (connection?.isConnected) return "connected";
    if (connection) return connection.wasConnected ? "reconnecting" : "connecting";
    if (this.#lastSeen !== "alone") return this.#lastSeen;
    return this.#isSettled ? "alone" : "joining";
  }

  #fail(problem: Problem): void {
    if (this.#over) return;
    this.stop();
    this.#view.failed(problem);
  }
}
