// The room: who of those in it is the other side of our call (docs/SIGNALING.md, "Calls").
//
//   joined ──► say who we are to each who is here ──► one answers: met, we came later
//          └──► nobody is here ──► somebody comes, and says who it is: answer, met, it came later
//
// A call is for two. Whoever has a partner tells a third one so. A partner that comes back, with another id of the server's or as a
// page that was reloaded, is known by its member id; whether both still hold their connection is in `with`.
//
// Input is `joined`, `peerLeft`, `signal`, `down` and, when those who were here had time to answer, `settle`.

import { abortCode, asObject, readMember, type Member } from "./messages.ts";

export interface Meeting {
  isPolite: boolean; // We came later.
  isKept: boolean; // Both still have the connection of before.
}

export interface RoomHandlers {
  say(to: string, data: object): void;
  met(meeting: Meeting): void;
  data(data: unknown): void; // Of the partner.
  away(): void; // The partner is not on the server any more; the connection may well go on.
  refused(): void; // The partner has another.
  full(): void;
  settled(): void; // Everybody who was here has answered, or had the time to.
  isAlive(): boolean; // Whether there is a connection with the partner that works.
}

interface Partner {
  member: string;
  peer: string | undefined; // Its id on the server, while it is there.
}

export class Room {
  readonly #own: string;
  readonly #handlers: RoomHandlers;
  #partner: Partner | undefined;
  #earlier = new Set<string>(); // Who was here before us.
  #asked = new Set<string>(); // Who of them has not answered yet.
  #waiting = new Map<string, Member>(); // Who came while we asked.
  #isFull = false;

  constructor(own: string, handlers: RoomHandlers) {
    this.#own = own;
    this.#handlers = handlers;
  }

  get canSignal(): boolean {
    return this.#partner?.peer !== undefined;
  }

  joined(peers: string[]): void {
    this.down();
    this.#isFull = false;
    this.#earlier = new Set(peers);
    this.#asked = new Set(peers);
    for (const peer of peers) this.#introduce(peer);
    if (peers.length === 0) this.settle();
  }

  peerLeft(peer: string): void {
    this.#earlier.delete(peer); // When it comes again, it is later than we.
    this.#waiting.delete(peer);
    if (this.#partner?.peer === peer) {
      this.#partner.peer = undefined;
      this.#handlers.away();
    }
    this.#answered(peer);
  }

  signal(from: string, data: unknown): void {
    const member = readMember(asObject(data)?.["member"]);
    if (member) this.#meet(from, member);
    else if (abortCode(data) === "full") this.#refused(from);
    else if (from === this.#partner?.peer) this.#handlers.data(data);
  }

  // To the partner, where the server can reach it.
  say(data: object): void {
    if (this.#partner?.peer) this.#handlers.say(this.#partner.peer, data);
  }

  // The connection to the server is gone: ids on it mean nothing any more.
  down(): void {
    this.#earlier.clear();
    this.#asked.clear();
    this.#waiting.clear();
    if (this.#partner) this.#partner.peer = undefined;
  }

  // There is no connection with the partner any more.
  part(): void {
    this.#partner = undefined;
  }

  settle(): void {
    this.#asked.clear();
    if (this.#isFull && !this.canSignal && !this.#handlers.isAlive()) return this.#handlers.full();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [peer, member] of waiting) this.#consider(peer, member);
    this.#handlers.settled();
  }

  #introduce(peer: string): void {
    const others = this.#partner ? [this.#partner.member] : [];
    this.#handlers.say(peer, { member: { id: this.#own, with: others, role: "call" } });
  }

  #refuse(peer: string): void {
    this.#handlers.say(peer, { abort: { code: "full", text: "this call is for two, and two are in it" } });
  }

  #meet(from: string, member: Member): void {
    if (from === this.#partner?.peer) return; // Said already: an answer to it would be answered, and so on.
    if (this.#earlier.has(from)) {
      if (this.canSignal) this.#refuse(from);
      else this.#engage(from, member, true);
      this.#answered(from);
    } else if (this.#asked.size > 0) {
      this.#waiting.set(from, member);
    } else {
      this.#consider(from, member);
    }
  }

  // Somebody who came after us.
  #consider(from: string, member: Member): void {
    const isTaken = this.#partner && (this.canSignal || this.#handlers.isAlive());
    if (isTaken && this.#partner?.member !== member.id) return this.#refuse(from);
    this.#introduce(from);
    this.#engage(from, member, false);
  }

  #engage(from: string, member: Member, isPolite: boolean): void {
    const isKept = this.#partner?.member === member.id && member.with.includes(this.#own);
    this.#partner = { member: member.id, peer: from };
    this.#handlers.met({ isPolite, isKept });
  }

  #refused(from: string): void {
    if (this.#partner?.peer === from) {
      this.#partner = undefined;
      this.#handlers.refused();
    } else if (this.#asked.has(from)) {
      this.#isFull = true;
      this.#answered(from);
    }
  }

  #answered(peer: string): void {
    if (this.#asked.delete(peer) && this.#asked.size === 0) this.settle();
  }
}
