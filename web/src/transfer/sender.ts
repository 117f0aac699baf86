// The sender's side of a transfer (docs/TRANSFER.md), over any channel and any sources.
//
// Not here  reading files and hashing (storage), what the user sees (ui)
// Limits    BUFFER_HIGH bytes wait in the channel; WINDOW bytes may be unacknowledged by `progress`,
//           since a browser that receives cannot slow the channel down by itself

import { Problem, toProblem } from "../problem.ts";
import { Bell, problemOfAbort, sendAbort, type Channel } from "./channel.ts";
import { BadMessage, PIECE_MAX, offerTexts, read, type FileItem, type Resume } from "./messages.ts";
import type { Item } from "./messages.ts";

const BUFFER_HIGH = 4 * 1024 * 1024;
const BUFFER_LOW = 1024 * 1024;
const WINDOW = 64 * 1024 * 1024;
const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

// A file being read from its start, hashed on the way.
export interface Reading {
  // Passes over the first bytes and returns their hash. Called at most once, before any `next`.
  skip(length: number): Promise<string>;
  // Starts again at the first byte.
  rewind(): Promise<void>;
  next(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  sha256(): Promise<string>; // Of the whole file, after the last `next`.
  close(): void;
}

export interface Source {
  item: Item;
  open?(): Promise<Reading>; // Files only.
}

export interface SenderEvents {
  accepted(): void;
  item(index: number): void;
  progress(bytes: number, index: number, itemBytes: number): void;
  saved(index: number): void;
}

export class Sender {
  readonly #channel: Channel;
  readonly #sources: Source[];
  readonly #events: SenderEvents;
  readonly #bell = new Bell();
  #resume: Map<number, Resume> | undefined;
  #sent = 0;
  #taken = 0;
  #isDone = false;
  #over = false;

  constructor(channel: Channel, sources: Source[], events: SenderEvents) {
    this.#channel = channel;
    this.#sources = sources;
    this.#events = events;
    channel.bufferedAmountLowThreshold = BUFFER_LOW;
    channel.onbufferedamountlow = () => this.#bell.ring();
    channel.onclose = () => this.lose();
    channel.onmessage = ({ data }) => this.#take(data);
  }

  // Resolves when the receiver has saved everything. Rejects with a Problem; the receiver has
  // then been told.
  async run(): Promise<void> {
    try {
      const items = this.#sources.map((source) => source.item);
      for (const text of offerTexts(items, totalOf(items))) await this.#say(text);
      await this.#bell.until(() => this.#resume !== undefined);
      this.#events.accepted();
      for (const [index, source] of this.#sources.entries()) {
        if (source.item.kind === "file") await this.#sendFile(index, source, source.item);
        else await this.#sendEnd(index, 0, EMPTY_SHA256);
      }
      await this.#say(JSON.stringify({ type: "done" }));
      await this.#bell.until(() => this.#isDone);
    } catch (thrown) {
      const problem = toProblem(thrown, "io");
      if (!this.#over) sendAbort(this.#channel, problem);
      throw problem;
    } finally {
      this.#over = true;
    }
  }

  cancel(): void {
    this.#bell.break(new Problem("cancelled"));
  }

  // The connection is gone, whatever the channel says.
  lose(): void {
    this.#bell.break(new Problem("connection-lost"));
  }

  async #sendFile(index: number, source: Source, item: FileItem): Promise<void> {
    this.#events.item(index);
    const reading = await source.open!();
    try {
      const offset = await this.#findStart(reading, index, item);
      await this.#say(JSON.stringify({ type: "item", item: index, offset }));
      this.#sent += offset;
      let size = offset;
      for (let chunk = await reading.next(); chunk; chunk = await reading.next()) {
        size += chunk.length;
        if (item.size !== null && size > item.size) throw new Problem("file-changed");
        await this.#sendPieces(chunk);
      }
      if (item.size !== null && size !== item.size) throw new Problem("file-changed");
      await this.#sendEnd(index, size, await reading.sha256());
    } finally {
      reading.close();
    }
  }

  async #sendEnd(item: number, size: number, sha256: string): Promise<void> {
    await this.#say(JSON.stringify({ type: "end", item, size, sha256 }));
  }

  // The offset that the receiver asked for, if our first bytes are the ones that it has.
  async #findStart(reading: Reading, index: number, item: FileItem): Promise<number> {
    const wish = this.#resume!.get(index);
    if (!wish || wish.offset === 0 || (item.size !== null && wish.offset > item.size)) return 0;
    if ((await reading.skip(wish.offset)) === wish.sha256) return wish.offset;
    await reading.rewind();
    return 0;
  }

  async #sendPieces(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    for (let at = 0; at < chunk.length; at += PIECE_MAX) {
      const piece = chunk.subarray(at, at + PIECE_MAX);
      await this.#room();
      this.#channel.send(piece);
      this.#sent += piece.length;
    }
  }

  async #room(): Promise<void> {
    this.#bell.check();
    const { bufferedAmount } = this.#channel;
    if (bufferedAmount <= BUFFER_HIGH && this.#sent - this.#taken <= WINDOW) return;
    await this.#bell.until(
      () => this.#channel.bufferedAmount <= BUFFER_LOW && this.#sent - this.#taken <= WINDOW,
    );
  }

  async #say(text: string): Promise<void> {
    await this.#room();
    this.#channel.send(text);
  }

  #take(data: unknown): void {
    if (this.#over) return;
    try {
      if (typeof data !== "string") throw new BadMessage("pieces go the other way");
      this.#obey(data);
    } catch (thrown) {
      this.#bell.break(thrown instanceof Problem ? thrown : new Problem("bad-peer"));
    }
  }

  #obey(data: string): void {
    const message = read(data);
    switch (message?.type) {
      case "accept":
        if (this.#resume) throw new BadMessage("accepted twice");
        this.#resume = new Map(message.resume.map((one) => [one.item, one]));
        break;
      case "decline":
        this.#over = true;
        throw new Problem("declined");
      case "progress":
        this.#taken = Math.max(this.#taken, message.bytes);
        this.#report();
        break;
      case "saved":
        if (message.item < this.#sources.length) this.#events.saved(message.item);
        break;
      case "done":
        this.#isDone = true;
        break;
      case "abort":
        this.#over = true;
        throw problemOfAbort(message.code);
      default:
        break; // Of a later version, or the receiver speaking our lines.
    }
    this.#bell.ring();
  }

  // `progress` counts over all items: finds the one that it has come to.
  #report(): void {
    let left = this.#taken;
    for (const [index, { item }] of this.#sources.entries()) {
      if (item.kind !== "file") continue;
      const size = item.size ?? Infinity;
      if (left <= size) return this.#events.progress(this.#taken, index, left);
      left -= size;
    }
  }
}

export function totalOf(items: Item[]): number | null {
  let total = 0;
  for (const item of items) {
    if (item.kind !== "file") continue;
    if (item.size === null) return null;
    total += item.size;
  }
  return total;
}
