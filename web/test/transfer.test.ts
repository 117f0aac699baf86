import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { Problem } from "../src/problem.ts";
import type { Channel } from "../src/transfer/channel.ts";
import * as messages from "../src/transfer/messages.ts";
import type { FileItem, Item, Resume } from "../src/transfer/messages.ts";
import { Receiver, type Store, type Writing } from "../src/transfer/receiver.ts";
import { Sender, type Reading, type Source } from "../src/transfer/sender.ts";

function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

// ---- a data channel without a network

class FakeChannel implements Channel {
  readyState: RTCDataChannelState = "open";
  bufferedAmount = 0;
  bufferedAmountLowThreshold = 0;
  onmessage: ((event: MessageEvent) => unknown) | null = null;
  onbufferedamountlow: ((event: Event) => unknown) | null = null;
  onclose: ((event: Event) => unknown) | null = null;
  readonly said: any[] = [];
  mate: FakeChannel | undefined;
  highest = 0;
  pieces = 0;

  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.readyState !== "open") throw new Error("not open");
    const size = data.length;
    if (typeof data === "string") this.said.push(JSON.parse(data));
    else this.pieces++;
    const copy = typeof data === "string" ? data : new Uint8Array(data).buffer;
    this.bufferedAmount += size;
    this.highest = Math.max(this.highest, this.bufferedAmount);
    setImmediate(() => {
      const before = this.bufferedAmount;
      this.bufferedAmount -= size;
      const { bufferedAmountLowThreshold: low } = this;
      if (before > low && this.bufferedAmount <= low) this.onbufferedamountlow?.({} as Event);
      this.mate?.hear(copy);
    });
  }

  hear(data: unknown): void {
    if (this.readyState === "open") this.onmessage?.({ data } as MessageEvent);
  }

  close(): void {
    for (const end of [this, this.mate]) {
      if (end?.readyState !== "open") continue;
      end.readyState = "closed";
      end.onclose?.({} as Event);
    }
  }
}

function pair(): [FakeChannel, FakeChannel] {
  const a = new FakeChannel();
  const b = new FakeChannel();
  a.mate = b;
  b.mate = a;
  return [a, b];
}

// ---- files without a disk

function source(path: string, bytes: Uint8Array, item: Partial<FileItem> = {}): Source {
  return {
    item: { path, kind: "file", size: bytes.length, ...item },
    async open(): Promise<Reading> {
      let at = 0;
      return {
        async skip(length) {
          at = length;
          return hash(bytes.subarray(0, length));
        },
        async rewind() {
          at = 0;
        },
        async next() {
          const chunk = bytes.slice(at, at + 1_000_000);
          at += chunk.length;
          return chunk.length > 0 ? chunk : undefined;
        },
        sha256: async () => hash(bytes),
        close() {},
      };
    },
  };
}

class FakeStore implements Store {
  readonly files = new Map<string, Uint8Array>();
  readonly kept = new Map<string, Uint8Array>();
  readonly folders: string[] = [];
  readonly opened: [string, number][] = [];
  fail: Error | undefined;

  async parts(items: Item[]): Promise<Resume[]> {
    return items.flatMap((item, index) => {
      const part = this.kept.get(item.path);
      return part ? [{ item: index, offset: part.length, sha256: hash(part) }] : [];
    });
  }

  async folder(_index: number, item: Item): Promise<void> {
    this.folders.push(item.path);
  }

  async create(_index: number, item: FileItem, offset: number): Promise<Writing> {
    this.opened.push([item.path, offset]);
    const chunks = [Buffer.from(this.kept.get(item.path)?.subarray(0, offset) ?? [])];
    const all = () => Buffer.concat(chunks);
    return {
      write: async (piece) => {
        if (this.fail) throw this.fail;
        chunks.push(Buffer.from(piece.slice(0)));
      },
      sha256: async () => hash(all()),
      save: async () => void this.files.set(item.path, all()),
      discard: async () => void this.kept.delete(item.path),
      suspend: async () => void this.kept.set(item.path, all()),
    };
  }
}

const quiet = { accepted() {}, item() {}, progress() {}, saved() {} };

function receiver(channel: Channel, store: Store | undefined, more = {}): Receiver {
  return new Receiver(channel, { offer: async () => store, item() {}, progress() {}, saved() {}, ...more });
}

async function outcome(run: Promise<void>): Promise<string> {
  try {
    await run;
    return "done";
  } catch (thrown) {
    assert.ok(thrown instanceof Problem, String(thrown));
    return thrown.code;
  }
}

async function transfer(sources: Source[], store: FakeStore | undefined) {
  const [a, b] = pair();
  const sender = new Sender(a, sources, quiet);
  const receiving = outcome(receiver(b, store).run());
  const sent = await outcome(sender.run());
  if (sent !== "done") await receiving;
  a.close();
  return { sent, received: await receiving, a, b };
}

const small = Buffer.from("hello");
const large = randomBytes(5_000_123);
const empty = Buffer.alloc(0);

test("files, empty ones and folders arrive as they were", async () => {
  const store = new FakeStore();
  const folder: Source = { item: { path: "trip", kind: "folder" } };
  const sources = [folder, source("a", small), source("trip/b", large), source("c", empty)];
  const { sent, received, a } = await transfer(sources, store);
  assert.deepEqual([sent, received], ["done", "done"]);
  assert.deepEqual([...store.files.keys()], ["a", "trip/b", "c"]);
  assert.equal(hash(store.files.get("trip/b")!), hash(large));
  assert.deepEqual(store.folders, ["trip"]);
  assert.deepEqual(a.said.map((one) => one.type), ["offer", "end", "item", "end", "item", "end", "item", "end", "done"]);
});

test("the channel's buffer stays low", async () => {
  const { sent, a } = await transfer([source("a", randomBytes(20_000_000))], new FakeStore());
  assert.equal(sent, "done");
  assert.ok(a.highest < 4.2 * 1024 * 1024, String(a.highest));
});

test("a part goes on where it stopped", async () => {
  const store = new FakeStore();
  store.kept.set("a", large.subarray(0, 3_000_000));
  const { received, a } = await transfer([source("a", large)], store);
  assert.equal(received, "done");
  assert.deepEqual(store.opened, [["a", 3_000_000]]);
  assert.equal(a.pieces, Math.ceil(1_000_000 / 65536) * 2 + Math.ceil(123 / 65536));
  assert.equal(hash(store.files.get("a")!), hash(large));
});

test("a part of another file is begun again", async () => {
  const store = new FakeStore();
  store.kept.set("a", randomBytes(3_000_000));
  const { received } = await transfer([source("a", large)], store);
  assert.equal(received, "done");
  assert.deepEqual(store.opened, [["a", 0]]);
  assert.equal(hash(store.files.get("a")!), hash(large));
});

test("no is no", async () => {
  const { sent, received } = await transfer([source("a", small)], undefined);
  assert.deepEqual([sent, received], ["declined", "declined"]);
});

test("a lost connection keeps the part", async () => {
  const [a, b] = pair();
  const store = new FakeStore();
  const sending = outcome(new Sender(a, [source("a", large)], quiet).run());
  const progress = (bytes: number) => bytes > 1_000_000 && a.close();
  const received = await outcome(receiver(b, store, { progress }).run());
  assert.deepEqual([await sending, received], ["connection-lost", "connection-lost"]);
  assert.ok(store.kept.get("a")!.length > 1_000_000);
  assert.equal(store.files.size, 0);
});

test("a full disk is told to both", async () => {
  const store = new FakeStore();
  store.fail = Object.assign(new Error(), { name: "QuotaExceededError" });
  const { sent, received } = await transfer([source("a", large)], store);
  assert.deepEqual([sent, received], ["disk-full", "disk-full"]);
});

test("a file that grew or shrank is found out by the sender", async () => {
  for (const size of [large.length - 1, large.length + 1]) {
    const store = new FakeStore();
    const { sent, received } = await transfer([source("a", large, { size })], store);
    assert.deepEqual([sent, received], ["file-changed", "file-changed"]);
    assert.equal(store.files.size, 0);
  }
});

test("cancelling is told to the other side", async () => {
  const [a, b] = pair();
  const sender = new Sender(a, [source("a", large)], quiet);
  const progress = () => sender.cancel();
  const receiving = outcome(receiver(b, new FakeStore(), { progress }).run());
  assert.deepEqual([await outcome(sender.run()), await receiving], ["cancelled", "cancelled"]);
});

test("an unknown size is taken as it comes", async () => {
  const store = new FakeStore();
  const { received } = await transfer([source("pipe", large, { size: null })], store);
  assert.equal(received, "done");
  assert.equal(hash(store.files.get("pipe")!), hash(large));
});

// ---- a receiver and a sender that lies

const offered = { type: "offer", version: 1, items: [{ path: "a", kind: "file", size: 5 }, { path: "d", kind: "folder" }], total: 5 };
const begin = { type: "item", item: 0, offset: 0 };
const end = { type: "end", item: 0, size: 5, sha256: hash(small) };

const lies: [string, (object | string | Buffer)[], string][] = [
  ["not JSON", ["{"], "bad-peer"],
  ["a list", ["[]"], "bad-peer"],
  ["a piece first", [small], "bad-peer"],
  ["another version", [{ ...offered, version: 2 }], "bad-peer"],
  ["an empty offer", [{ ...offered, items: [] }], "bad-peer"],
  ["a negative size", [{ ...offered, items: [{ path: "a", kind: "file", size: -1 }] }], "bad-peer"],
  ["a size of text", [{ ...offered, items: [{ path: "a", kind: "file", size: "5" }] }], "bad-peer"],
  ["a size beyond counting", [{ ...offered, items: [{ path: "a", kind: "file", size: 2 ** 60 }] }], "bad-peer"],
  ["a path of a number", [{ ...offered, items: [{ path: 7, kind: "file", size: 5 }] }], "bad-peer"],
  ["a path without end", [{ ...offered, items: [{ path: "a".repeat(5000), kind: "file", size: 5 }] }], "bad-peer"],
  ["an unknown kind", [{ ...offered, items: [{ path: "a", kind: "device" }] }], "bad-peer"],
  ["two offers", [offered, offered], "bad-peer"],
  ["an item that was not offered", [offered, { ...begin, item: 2 }], "bad-peer"],
  ["a folder as a file", [offered, { ...begin, item: 1 }], "bad-peer"],
  ["an offset that nobody asked for", [offered, { ...begin, offset: 3 }], "bad-peer"],
  ["an item twice", [offered, begin, small, end, begin], "bad-peer"],
  ["an item within an item", [offered, begin, begin], "bad-peer"],
  ["more bytes than announced", [offered, begin, Buffer.from("hello!")], "too-large"],
  ["an empty piece", [offered, begin, empty], "bad-peer"],
  ["a piece over the limit", [offered, begin, Buffer.alloc(65537)], "bad-peer"],
  ["fewer bytes than announced", [offered, begin, Buffer.from("hell"), { ...end, size: 4 }], "file-changed"],
  ["an end that counts wrong", [offered, begin, small, { ...end, size: 6 }], "bad-peer"],
  ["the end of another", [offered, begin, small, { ...end, item: 1 }], "bad-peer"],
  ["another hash", [offered, begin, small, { ...end, sha256: hash(large) }], "hash-mismatch"],
  ["a hash of text", [offered, begin, small, { ...end, sha256: "<b>" }], "bad-peer"],
  ["the folder before the file", [offered, { ...end, item: 1, size: 0 }], "bad-peer"],
  ["done before the folder", [offered, begin, small, end, { type: "done" }], "bad-peer"],
  ["done too early", [offered, { type: "done" }], "bad-peer"],
  ["done within an item", [offered, begin, { type: "done" }], "bad-peer"],
  ["an abort", [offered, { type: "abort", code: "cancelled", text: "<script>" }], "cancelled"],
  ["an abort of an unknown kind", [offered, { type: "abort", code: "__proto__", text: 7 }], "cancelled"],
];
for (const [why, said, want] of lies) {
  test(`a receiver ends at ${why}`, async () => {
    const [a, b] = pair();
    const store = new FakeStore();
    const receiving = outcome(receiver(b, store).run());
    for (const one of said) {
      if (Buffer.isBuffer(one)) b.hear(new Uint8Array(one).buffer);
      else b.hear(typeof one === "string" ? one : JSON.stringify(one));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.equal(await receiving, want);
    if (want !== "cancelled") assert.equal(b.said.at(-1).type, "abort");
    assert.ok(store.files.size <= 1);
    a.close();
  });
}

test("what a later version says is ignored", async () => {
  const [, b] = pair();
  const receiving = outcome(receiver(b, new FakeStore()).run());
  for (const one of [{ type: "hymn" }, { type: "constructor" }, { ...offered, mood: 1 }, begin]) {
    b.hear(JSON.stringify(one));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  b.hear(new Uint8Array(small).buffer);
  for (const one of [end, { ...end, item: 1, size: 0 }, { type: "done" }]) b.hear(JSON.stringify(one));
  await new Promise((resolve) => setTimeout(resolve, 5));
  b.close();
  assert.equal(await receiving, "done");
});

const replies: [string, unknown[], string][] = [
  ["bytes", [new ArrayBuffer(3)], "bad-peer"],
  ["not JSON", ["nope"], "bad-peer"],
  ["a resume of text", ['{"type":"accept","resume":"x"}'], "bad-peer"],
  ["a resume of nothings", ['{"type":"accept","resume":[null]}'], "bad-peer"],
  ["two accepts", ['{"type":"accept","resume":[]}', '{"type":"accept","resume":[]}'], "bad-peer"],
  ["a decline", ['{"type":"decline","reason":7}'], "declined"],
  ["an abort", ['{"type":"abort","code":"disk-full","text":""}'], "disk-full"],
];
for (const [why, said, want] of replies) {
  test(`a sender ends at ${why}`, async () => {
    const [a] = pair();
    const sending = outcome(new Sender(a, [source("a", large)], quiet).run());
    for (const one of said) a.hear(one);
    assert.equal(await sending, want);
  });
}

test("resume entries of unknown items and beyond the end are passed over", async () => {
  const [a, b] = pair();
  const sending = outcome(new Sender(a, [source("a", small)], quiet).run());
  const wishes = [{ item: 9, offset: 1, sha256: hash(small) }, { item: 0, offset: 99, sha256: hash(small) }];
  b.onmessage = () => undefined;
  a.hear(JSON.stringify({ type: "accept", resume: wishes }));
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(a.said.find((one) => one.type === "item"), begin);
  a.hear('{"type":"done"}');
  assert.equal(await sending, "done");
});

test("a sender waits for a receiver that does not keep up", async () => {
  const [a] = pair();
  const sending = outcome(new Sender(a, [source("a", Buffer.alloc(70 * 1024 * 1024))], quiet).run());
  a.hear('{"type":"accept","resume":[]}');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.ok(a.pieces <= 64 * 1.049 * 16 + 16, String(a.pieces));
  a.hear('{"type":"progress","bytes":50000000}');
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(a.pieces, 73 * 16 + 7);
  a.hear('{"type":"done"}');
  assert.equal(await sending, "done");
});

// ---- offers

test("a long offer is cut into messages under the limit, and read as one", async () => {
  const items: Item[] = Array.from({ length: 3000 }, (_, index) => ({
    path: `folder-${"ü".repeat(20)}/${index}`, kind: "file", size: 0,
  }));
  const texts = messages.offerTexts(items, 0);
  assert.ok(texts.length > 2);
  for (const text of texts) assert.ok(Buffer.byteLength(text) <= 60 * 1024);
  const read = texts.map((text) => messages.read(text) as messages.Message & { type: "offer" });
  assert.deepEqual(read.flatMap((one) => one.items), items);
  assert.deepEqual(read.map((one) => one.more), [...Array(read.length - 1).fill(true), false]);
});
