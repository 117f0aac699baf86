// The receiver's side of a transfer (docs/TRANSFER.md), over any channel and any store.
//
//   offer… ──► ask ──► accept ──► [item ──► piece… ──► end ──► saved]… ──► done
//                                   a folder has an end only
//
// Messages are worked on one at a time, in order; what a peer says out of turn ends the transfer.
//
// Not here  where bytes go and hashing (storage), mending names (names.ts)

import { Problem, toProblem } from "../problem.ts";
import { problemOfAbort, sendAbort, type Channel } from "./channel.ts";
import { BadMessage, ITEMS_MAX, PIECE_MAX, VERSION, read } from "./messages.ts";
import type { FileItem, Item, Message, Resume } from "./messages.ts";

const PROGRESS_BYTES = 1024 * 1024;
const PROGRESS_MS = 250;
const RESUME_MAX = 400; // Keeps `accept` under 64 KiB.
const GOODBYE_MS = 5000;

// A file being written, hashed on the way.
export interface Writing {
  // Takes a piece. The promise is of the write; the next may be given before it is kept.
  write(piece: ArrayBuffer): Promise<void>;
  sha256(): Promise<string>; // Of everything, the part from before included, once written.
  save(): Promise<void>; // Gives the file its name.
  discard(): Promise<void>; // Throws it away.
  suspend(): Promise<void>; // Keeps what there is for another time, if the store can.
}

export interface Store {
  // What is there already of these items.
  parts(items: Item[]): Promise<Resume[]>;
  folder(index: number, item: Item): Promise<void>;
  create(index: number, item: FileItem, offset: number): Promise<Writing>;
}

export interface Offer {
  items: Item[];
  total: number | null;
}

export interface ReceiverEvents {
  // Asks the user. Undefined is no.
  offer(offer: Offer): Promise<Store | undefined>;
  item(index: number): void;
  progress(bytes: number, index: number, itemBytes: number): void;
  saved(index: number): void;
}

type Phase = "offer" | "asking" | "items" | "done";

interface Current {
  index: number;
  item: FileItem;
  received: number; // Of this item, the part before the offset included.
  written: number;
  writing: Writing;
}

export class Receiver {
  readonly #channel: Channel;
  readonly #events: ReceiverEvents;
  readonly #items: Item[] = [];
  readonly #resume = new Map<number, Resume>();
  #next = 0; // The item whose turn it is.
  #phase: Phase = "offer";
  #total: number | null = 0;
  #store: Store | undefined;
  #current: Current | undefined;
  #before = 0; // Bytes of the items that are complete.
  #reported = 0;
  #reportedAt = 0;
  #work: Promise<void> = Promise.resolve();
  #end!: (problem?: Problem) => void;
  readonly #ended: Promise<Problem | undefined>;
  #over = false;

  constructor(channel: Channel, events: ReceiverEvents) {
    this.#channel = channel;
    this.#events = events;
    this.#ended = new Promise((resolve) => (this.#end = resolve));
    channel.onmessage = ({ data }) => this.#enqueue(data);
    channel.onclose = () => this.lose();
  }

  // Resolves when all is saved. Rejects with a Problem; the sender has then been told.
  async run(): Promise<void> {
    const problem = await this.#ended;
    this.#over = true;
    const current = this.#current;
    this.#current = undefined;
    if (!problem) return;
    if (problem.code === "hash-mismatch" || problem.code === "too-large") {
      await current?.writing.discard().catch(() => undefined);
    } else {
      await current?.writing.suspend().catch(() => undefined);
    }
    throw problem;
  }

  cancel(): void {
    this.#fail(new Problem("cancelled"));
  }

  // The connection is gone. What arrived before is worked on first: it may be the end itself.
  lose(): void {
    this.#work = this.#work.then(() => {
      this.#end(this.#phase === "done" ? undefined : new Problem("connection-lost"));
    });
  }

  #fail(problem: Problem): void {
    if (this.#over) return;
    this.#over = true;
    sendAbort(this.#channel, problem);
    this.#end(problem);
  }

  #say(message: Message): void {
    this.#channel.send(JSON.stringify(message));
  }

  #enqueue(data: unknown): void {
    this.#work = this.#work.then(async () => {
      if (this.#over) return;
      try {
        if (typeof data === "string") await this.#obey(read(data));
        else if (data instanceof ArrayBuffer) this.#piece(data);
        else throw new BadMessage("neither text nor bytes");
      } catch (thrown) {
        this.#fail(thrown instanceof BadMessage ? new Problem("bad-peer") : toProblem(thrown, "io"));
      }
    });
  }

  async #obey(message: Message | undefined): Promise<void> {
    switch (message?.type) {
      case "offer":
        return this.#offer(message);
      case "item":
        return this.#item(message.item, message.offset);
      case "end":
        return this.#endOfItem(message.item, message.size, message.sha256);
      case "done":
        return this.#done();
      case "abort":
        this.#over = true;
        return this.#end(problemOfAbort(message.code));
      default:
        return; // Of a later version, or the sender speaking our lines.
    }
  }

  async #offer(message: Message & { type: "offer" }): Promise<void> {
    if (this.#phase !== "offer") throw new BadMessage("offered twice");
    if (message.version !== VERSION) throw new BadMessage("another version");
    if (this.#items.length + message.items.length > ITEMS_MAX) throw new BadMessage("too many");
    for (const item of message.items) this.#items.push(item);
    this.#total = message.total;
    if (message.more) return;
    if (this.#items.length === 0) throw new BadMessage("nothing offered");
    this.#phase = "asking";
    // The queue does not wait for the user: an abort of the sender must get through.
    void this.#ask();
  }

  async #ask(): Promise<void> {
    try {
      this.#store = await this.#events.offer({ items: this.#items, total: this.#total });
      if (this.#over) return;
      if (!this.#store) {
        this.#over = true;
        this.#say({ type: "decline", reason: "The receiver said no." });
        return this.#end(new Problem("declined"));
      }
      const resume = (await this.#store.parts(this.#items)).slice(0, RESUME_MAX);
      for (const part of resume) this.#resume.set(part.item, part);
      if (this.#over) return;
      this.#phase = "items";
      this.#say({ type: "accept", resume });
    } catch (thrown) {
      this.#fail(toProblem(thrown, "io"));
    }
  }

  async #item(index: number, offset: number): Promise<void> {
    const item = this.#items[index];
    if (this.#phase !== "items" || this.#current) throw new BadMessage("an item out of turn");
    if (item?.kind !== "file" || index !== this.#next) throw new BadMessage("not its turn");
    if (offset !== 0 && offset !== this.#resume.get(index)?.offset) {
      throw new BadMessage("not the offset that was asked for");
    }
    this.#events.item(index);
    const writing = await this.#store!.create(index, item, offset);
    this.#current = { index, item, received: offset, written: offset, writing };
  }

  #piece(data: ArrayBuffer): void {
    const current = this.#current;
    if (!current) throw new BadMessage("a piece of nothing");
    if (data.byteLength === 0 || data.byteLength > PIECE_MAX) throw new BadMessage("a bad piece");
    current.received += data.byteLength;
    if (current.item.size !== null && current.received > current.item.size) {
      throw new Problem("too-large");
    }
    const length = data.byteLength; // The store may take the buffer away.
    current.writing.write(data).then(
      () => {
        current.written += length;
        if (this.#current === current) this.#report(current);
      },
      (thrown: unknown) => this.#fail(toProblem(thrown, "io")),
    );
  }

  #report(current: Current): void {
    if (this.#over) return;
    const bytes = this.#before + current.written;
    this.#events.progress(bytes, current.index, current.written);
    const now = performance.now();
    if (bytes - this.#reported < PROGRESS_BYTES && now - this.#reportedAt < PROGRESS_MS) return;
    this.#reported = bytes;
    this.#reportedAt = now;
    this.#say({ type: "progress", bytes });
  }

  async #endOfItem(index: number, size: number, sha256: string): Promise<void> {
    const item = this.#items[index];
    if (this.#phase !== "items" || index !== this.#next) throw new BadMessage("not its turn");
    if (item?.kind === "folder") await this.#store!.folder(index, item);
    else await this.#endOfFile(index, size, sha256);
    if (this.#over) return;
    this.#next++;
    this.#events.saved(index);
    if (!this.#over) this.#say({ type: "saved", item: index });
  }

  async #endOfFile(index: number, size: number, sha256: string): Promise<void> {
    const current = this.#current;
    if (current?.index !== index) throw new BadMessage("the end of another item");
    if (size !== current.received) throw new BadMessage("bytes are missing");
    if (current.item.size !== null && size !== current.item.size) throw new Problem("file-changed");
    if ((await current.writing.sha256()) !== sha256) throw new Problem("hash-mismatch");
    if (this.#over) return;
    await current.writing.save();
    this.#current = undefined;
    this.#before += size;
    this.#events.progress(this.#before, index, size);
    if (!this.#over) this.#say({ type: "progress", bytes: this.#before });
  }

  #done(): void {
    const isAll = this.#next === this.#items.length;
    if (this.#phase !== "items" || !isAll) throw new BadMessage("done too early");
    this.#phase = "done";
    this.#say({ type: "done" });
    // The sender closes once it has heard that. One that does not is not waited for.
    setTimeout(() => this.#end(), GOODBYE_MS);
  }
}
