// Stores: where received files go.
//
//   DownloadStore   the browser's download folder, by way of its private file system (so that a
//                   transfer can go on after an accident) or, where there is none, of memory
//   FolderStore     a folder that the user chose, straight to disk
//   SingleStore     one file that the user chose, straight to disk

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { Problem } from "../problem.ts";
import type { FileItem, Item, Resume } from "../transfer/messages.ts";
import { mendPath, numbered } from "../transfer/names.ts";
import type { Store, Writing } from "../transfer/receiver.ts";
import type { Files } from "./client.ts";
import { PARTS_FOLDER, type Part, type ZipFile } from "./protocol.ts";

const FINISHED_KEY = "yodel.finished";
const FINISHED_KEPT_MS = 10 * 60 * 1000;
const PART_KEPT_MS = 7 * 24 * 60 * 60 * 1000;
const TRIES_MAX = 1000;

export interface Download {
  index: number;
  name: string;
  blob: Blob;
}

// Downloads as one archive, folders and all, and the name that it gets.
export async function zipDownloads(
  files: Files,
  items: Item[],
  downloads: Download[],
): Promise<Download> {
  const taken = new Set<string>();
  const list: ZipFile[] = [];
  const add = (item: Item, blob: Blob, isFolder: boolean) => {
    const parts = mendPath(item.path);
    const last = parts.pop()!;
    const pathOf = (name: string) => [...parts, name].join("/");
    let name = last;
    for (let number = 1; taken.has(pathOf(name)) && !isFolder; number++) name = numbered(last, number);
    taken.add(pathOf(name));
    const modified = (item.kind === "file" && item.modified) || Date.now() / 1000;
    list.push({ path: pathOf(name) + (isFolder ? "/" : ""), blob, modified });
  };
  for (const item of items) if (item.kind === "folder") add(item, new Blob(), true);
  for (const { index, blob } of downloads) add(items[index]!, blob, false);
  const blob = (await files.ask({ op: "zip", files: list })) as Blob;
  return { index: 0, name: `${commonFolder(items) ?? "files"}.zip`, blob };
}

function commonFolder(items: Item[]): string | undefined {
  const firsts = new Set(items.map((item) => mendPath(item.path)[0]));
  return firsts.size === 1 ? [...firsts][0] : undefined;
}

export function partName(item: FileItem): string {
  const digest = sha256(utf8ToBytes(`${item.size}\0${item.path}`));
  return bytesToHex(digest).slice(0, 32);
}

export class DownloadStore implements Store {
  readonly #files: Files;
  readonly #onSaved: (download: Download) => void;
  readonly #inMemory: boolean;

  constructor(files: Files, inMemory: boolean, onSaved: (download: Download) => void) {
    this.#files = files;
    this.#inMemory = inMemory;
    this.#onSaved = onSaved;
  }

  async parts(items: Item[]): Promise<Resume[]> {
    if (this.#inMemory) return [];
    const resume: Resume[] = [];
    const known = await partsHere();
    for (const [index, item] of items.entries()) {
      if (item.kind !== "file" || !item.size || !known.has(partName(item))) continue;
      const request = { op: "part-find", name: partName(item), limit: item.size } as const;
      const part = (await this.#files.ask(request)) as Part | undefined;
      if (part) resume.push({ item: index, offset: part.size, sha256: part.sha256 });
    }
    return resume;
  }

  async folder(): Promise<void> {
    // A download folder takes files only; their names say where they belong.
  }

  async create(index: number, item: FileItem, offset: number): Promise<Writing> {
    const name = mendPath(item.path).at(-1)!;
    const saved = (blob: Blob | undefined, part?: string) => {
      if (part) noteFinished(part);
      if (blob) this.#onSaved({ index, name, blob });
    };
    if (this.#inMemory) return this.#files.write({ op: "write-memory" }, saved);
    const part = partName(item);
    const open = (partName: string, start: number) =>
      this.#files.write({ op: "write-part", name: partName, offset: start }, (blob) =>
        saved(blob, partName),
      );
    try {
      return await open(part, offset);
    } catch (thrown) {
      // Another page of ours has this very part open: this one gets a part of its own.
      const isTaken = (thrown as Error).name === "NoModificationAllowedError";
      if (!isTaken || offset > 0) throw thrown;
      return open(`${part}-${crypto.randomUUID()}`, 0);
    }
  }
}

export class SingleStore implements Store {
  readonly #files: Files;
  readonly #handle: FileSystemFileHandle;

  constructor(files: Files, handle: FileSystemFileHandle) {
    this.#files = files;
    this.#handle = handle;
  }

  async parts(): Promise<Resume[]> {
    return [];
  }

  async folder(): Promise<void> {}

  create(): Promise<Writing> {
    return this.#files.write({ op: "write-file", handle: this.#handle }, () => undefined);
  }
}

export class FolderStore implements Store {
  readonly #files: Files;
  readonly #root: FileSystemDirectoryHandle;

  constructor(files: Files, root: FileSystemDirectoryHandle) {
    this.#files = files;
    this.#root = root;
  }

  async parts(): Promise<Resume[]> {
    return [];
  }

  async folder(_index: number, item: Item): Promise<void> {
    await this.#folderAt(mendPath(item.path));
  }

  async create(_index: number, item: FileItem): Promise<Writing> {
    const parts = mendPath(item.path);
    const folder = await this.#folderAt(parts.slice(0, -1));
    const { handle, name } = await newFile(folder, parts.at(-1)!);
    return this.#files.write({ op: "write-file", handle }, () => undefined, () =>
      folder.removeEntry(name).catch(() => undefined),
    );
  }

  async #folderAt(parts: string[]): Promise<FileSystemDirectoryHandle> {
    let folder = this.#root;
    for (const part of parts) folder = await subfolder(folder, part);
    return folder;
  }
}

// A folder of that name, or beside a file that has it, one with a number.
async function subfolder(
  folder: FileSystemDirectoryHandle,
  name: string,
): Promise<FileSystemDirectoryHandle> {
  for (let number = 0; number < TRIES_MAX; number++) {
    try {
      const wanted = number === 0 ? name : numbered(name, number);
      return await folder.getDirectoryHandle(wanted, { create: true });
    } catch (thrown) {
      if ((thrown as Error).name === "TypeError") throw new Problem("bad-name");
      if ((thrown as Error).name !== "TypeMismatchError") throw thrown;
    }
  }
  throw new Problem("io");
}

async function isTaken(folder: FileSystemDirectoryHandle, name: string): Promise<boolean> {
  try {
    await folder.getFileHandle(name);
    return true;
  } catch (thrown) {
    if ((thrown as Error).name === "NotFoundError") return false;
    if ((thrown as Error).name === "TypeMismatchError") return true;
    throw thrown;
  }
}

// A file that was not there before. The browser refuses some names that look like programs or
// shortcuts; those get an underscore.
async function newFile(
  folder: FileSystemDirectoryHandle,
  name: string,
): Promise<{ handle: FileSystemFileHandle; name: string }> {
  let base = name;
  for (let number = 0; number < TRIES_MAX; number++) {
    const wanted = number === 0 ? base : numbered(base, number);
    try {
      if (await isTaken(folder, wanted)) continue;
      return { handle: await folder.getFileHandle(wanted, { create: true }), name: wanted };
    } catch (thrown) {
      if ((thrown as Error).name !== "TypeError" || base !== name) throw thrown;
      base = `${name}_`;
      number = -1;
    }
  }
  throw new Problem("io");
}

// ---- the browser's private file system

async function partsFolder(): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle(PARTS_FOLDER, { create: true });
  } catch {
    return undefined; // Private windows, old browsers, pages without TLS.
  }
}

export async function hasPrivateFiles(): Promise<boolean> {
  return (await partsFolder()) !== undefined;
}

async function partsHere(): Promise<Set<string>> {
  const names = new Set<string>();
  const folder = await partsFolder();
  if (folder) for await (const [name] of entriesOf(folder)) names.add(name);
  return names;
}

function entriesOf(folder: FileSystemDirectoryHandle): AsyncIterable<[string, FileSystemHandle]> {
  return (folder as unknown as { entries(): AsyncIterable<[string, FileSystemHandle]> }).entries();
}

function finished(): Record<string, number> {
  try {
    return JSON.parse(localStorage.getItem(FINISHED_KEY) ?? "{}") as Record<string, number>;
  } catch {
    return {};
  }
}

function noteFinished(name: string): void {
  try {
    localStorage.setItem(FINISHED_KEY, JSON.stringify({ ...finished(), [name]: Date.now() }));
  } catch {
    // Then it goes when it is old.
  }
}

// Removes what has been handed to the download folder, and parts that nobody came back for.
export async function cleanUp(now: number): Promise<void> {
  const folder = await partsFolder();
  if (!folder) return;
  const done = finished();
  const kept: Record<string, number> = {};
  for await (const [name, handle] of entriesOf(folder)) {
    if (handle.kind !== "file") continue;
    try {
      const { lastModified } = await (handle as FileSystemFileHandle).getFile();
      const doneAt = done[name];
      const isOver = doneAt !== undefined && now - doneAt > FINISHED_KEPT_MS;
      if (isOver || now - lastModified > PART_KEPT_MS) await folder.removeEntry(name);
      else if (doneAt !== undefined) kept[name] = doneAt;
    } catch {
      // In use by another page.
    }
  }
  try {
    localStorage.setItem(FINISHED_KEY, JSON.stringify(kept));
  } catch {
    // No storage, nothing to note.
  }
}

// Bytes that the browser would let us keep, or undefined where it does not say.
export async function roomLeft(): Promise<number | undefined> {
  try {
    const { quota, usage } = await navigator.storage.estimate();
    return quota === undefined ? undefined : quota - (usage ?? 0);
  } catch {
    return undefined;
  }
}
