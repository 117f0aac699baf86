// The worker: reads, hashes and writes, so that the page stays smooth at any speed.
//
// Not here  deciding where files go (store.ts), talking to the peer (transfer/)

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { PARTS_FOLDER } from "./protocol.ts";
import type { Answer, Envelope, Part, Request, ZipFile } from "./protocol.ts";
import { archive, crc32 } from "./zip.ts";

const CHUNK = 1024 * 1024;
// A page that was reloaded is back before the browser has ended the worker of the page before: Chromium gives
// that one two seconds to come to its end. Until then its file is held.
const HELD_WAIT_MS = 3000;
const HELD_STEP_MS = 50;

type Hasher = ReturnType<typeof sha256.create>;

interface ReadingState {
  file: File;
  at: number;
  hash: Hasher;
  ahead: Promise<ArrayBuffer> | undefined;
}

interface Output {
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void> | void;
  save(): Promise<Blob | undefined>;
  discard(): Promise<void>;
  suspend(): Promise<void>;
}

interface WritingState {
  hash: Hasher;
  output: Output;
}

const readings = new Map<number, ReadingState>();
const writings = new Map<number, WritingState>();
// The hash of a part that was just found, so that going on does not read it again.
const found = new Map<string, { size: number; hash: Hasher }>();
let lastKey = 0;

function get<T>(map: Map<number, T>, key: number): T {
  const value = map.get(key);
  if (!value) throw new Error("no such file is open");
  return value;
}

// ---- reading

function prefetch(state: ReadingState): void {
  if (state.at < state.file.size) {
    state.ahead = state.file.slice(state.at, state.at + CHUNK).arrayBuffer();
    state.ahead.catch(() => undefined); // Reported when it is asked for.
  } else {
    state.ahead = undefined;
  }
}

async function next(state: ReadingState): Promise<ArrayBuffer | undefined> {
  if (!state.ahead) prefetch(state);
  const chunk = await state.ahead;
  if (!chunk) return undefined;
  state.at += chunk.byteLength;
  prefetch(state);
  state.hash.update(new Uint8Array(chunk));
  return chunk;
}

async function hashStart(file: Blob, length: number): Promise<Hasher> {
  const hash = sha256.create();
  for (let at = 0; at < length; at += CHUNK) {
    const end = Math.min(at + CHUNK, length);
    hash.update(new Uint8Array(await file.slice(at, end).arrayBuffer()));
  }
  return hash;
}

function digest(hash: Hasher): string {
  return bytesToHex(hash.clone().digest());
}

async function skip(state: ReadingState, length: number): Promise<string> {
  state.hash = await hashStart(state.file, length);
  state.at = length;
  state.ahead = undefined;
  return digest(state.hash);
}

// ---- writing

async function partsFolder(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(PARTS_FOLDER, { create: true });
}

// Opens a part for this worker alone. NoModificationAllowedError: somebody else keeps it open.
async function hold(handle: FileSystemFileHandle): Promise<FileSystemSyncAccessHandle> {
  const end = performance.now() + HELD_WAIT_MS;
  for (;;) {
    try {
      return await handle.createSyncAccessHandle();
    } catch (thrown) {
      const isHeld = (thrown as Error).name === "NoModificationAllowedError";
      if (!isHeld || performance.now() > end) throw thrown;
    }
    await new Promise((resolve) => setTimeout(resolve, HELD_STEP_MS));
  }
}

function hashHeld(access: FileSystemSyncAccessHandle, length: number): Hasher {
  const hash = sha256.create();
  const piece = new Uint8Array(CHUNK);
  for (let at = 0; at < length; ) {
    const read = access.read(piece.subarray(0, length - at), { at });
    if (read === 0) throw new DOMException("shorter than before", "NotReadableError");
    hash.update(piece.subarray(0, read));
    at += read;
  }
  return hash;
}

// Undefined where there is nothing to go on with, or another page is at it.
async function findPart(name: string, limit: number): Promise<Part | undefined> {
  let access: FileSystemSyncAccessHandle;
  try {
    access = await hold(await (await partsFolder()).getFileHandle(name));
  } catch {
    return undefined;
  }
  try {
    const size = access.getSize();
    if (size === 0 || size > limit) return undefined;
    const hash = hashHeld(access, size);
    found.set(name, { size, hash });
    return { size, sha256: digest(hash) };
  } finally {
    access.close();
  }
}

async function openPart(name: string, offset: number): Promise<WritingState> {
  const folder = await partsFolder();
  const handle = await folder.getFileHandle(name, { create: true });
  const known = found.get(name);
  found.delete(name);
  const access = await hold(handle);
  const isKnown = offset > 0 && known?.size === offset;
  const hash = isKnown ? known.hash : hashHeld(access, offset);
  access.truncate(offset);
  let at = offset;
  const output: Output = {
    write(bytes) {
      let done = 0;
      while (done < bytes.length) {
        const written = access.write(bytes.subarray(done), { at });
        // Some browsers say that a disk is full with a short write.
        if (written <= 0) throw new DOMException("no room", "QuotaExceededError");
        done += written;
        at += written;
      }
    },
    async save() {
      access.flush();
      access.close();
      return handle.getFile();
    },
    async discard() {
      access.close();
      await folder.removeEntry(name);
    },
    async suspend() {
      access.flush();
      access.close();
    },
  };
  return { hash, output };
}

async function openFile(handle: FileSystemFileHandle): Promise<WritingState> {
  // The browser writes beside the file and puts it in place on close: nothing half stays.
  const stream = await handle.createWritable();
  let waiting: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const flush = async () => {
    const blob = new Blob(waiting);
    waiting = [];
    size = 0;
    if (blob.size > 0) await stream.write(blob);
  };
  const output: Output = {
    async write(bytes) {
      waiting.push(bytes);
      size += bytes.length;
      if (size >= CHUNK) await flush();
    },
    async save() {
      await flush();
      await stream.close();
      return undefined;
    },
    discard: () => stream.abort(),
    suspend: () => stream.abort(),
  };
  return { hash: sha256.create(), output };
}

function openMemory(): WritingState {
  let blobs: Blob[] = [];
  const output: Output = {
    write(bytes) {
      blobs.push(new Blob([bytes]));
      // A Blob of Blobs lets the browser move them to its disk.
      if (blobs.length >= 256) blobs = [new Blob(blobs)];
    },
    async save() {
      return new Blob(blobs);
    },
    async discard() {
      blobs = [];
    },
    async suspend() {
      blobs = [];
    },
  };
  return { hash: sha256.create(), output };
}

function keep<T>(map: Map<number, T>, state: T): number {
  map.set(++lastKey, state);
  return lastKey;
}

async function close<T>(key: number, act: (output: Output) => Promise<T>): Promise<T> {
  const { output } = get(writings, key);
  writings.delete(key);
  return act(output);
}

async function zip(files: ZipFile[]): Promise<Blob> {
  const entries = [];
  for (const { path, blob, modified } of files) {
    let crc = 0;
    for (let at = 0; at < blob.size; at += CHUNK) {
      crc = crc32(new Uint8Array(await blob.slice(at, at + CHUNK).arrayBuffer()), crc);
    }
    entries.push({ entry: { path, size: blob.size, crc, modified }, content: blob });
  }
  return new Blob(archive(entries), { type: "application/zip" });
}

// ---- requests

async function perform(request: Request): Promise<unknown> {
  switch (request.op) {
    case "read-open":
      return keep(readings, { file: request.file, at: 0, hash: sha256.create(), ahead: undefined });
    case "read-skip":
      return skip(get(readings, request.key), request.length);
    case "read-rewind":
      return skip(get(readings, request.key), 0);
    case "read-next":
      return next(get(readings, request.key));
    case "read-sha256":
      return digest(get(readings, request.key).hash);
    case "read-close":
      return void readings.delete(request.key);
    case "part-find":
      return findPart(request.name, request.limit);
    case "write-part":
      return keep(writings, await openPart(request.name, request.offset));
    case "write-file":
      return keep(writings, await openFile(request.handle));
    case "write-memory":
      return keep(writings, openMemory());
    case "write": {
      const state = get(writings, request.key);
      const bytes = new Uint8Array(request.piece);
      state.hash.update(bytes);
      return state.output.write(bytes);
    }
    case "write-sha256":
      return digest(get(writings, request.key).hash);
    case "write-save":
      return close(request.key, (output) => output.save());
    case "write-discard":
      return close(request.key, (output) => output.discard());
    case "zip":
      return zip(request.files);
    case "write-suspend":
      return close(request.key, (output) => output.suspend());
  }
}

function nameOf(thrown: unknown): { name: string; message: string } {
  const { name, message } = (thrown ?? {}) as { name?: unknown; message?: unknown };
  return { name: String(name ?? "Error"), message: String(message ?? thrown) };
}

let queue: Promise<void> = Promise.resolve();

addEventListener("message", (event: MessageEvent<Envelope>) => {
  const { id, request } = event.data;
  queue = queue.then(async () => {
    let answer: Answer;
    try {
      answer = { id, value: await perform(request) };
    } catch (thrown) {
      answer = { id, error: nameOf(thrown) };
    }
    const transfer = answer.value instanceof ArrayBuffer ? [answer.value] : [];
    postMessage(answer, { transfer });
  });
});
