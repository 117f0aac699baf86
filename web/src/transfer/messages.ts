// The messages of the file transfer protocol (docs/TRANSFER.md): their types, and the checks that
// make one out of a peer's text.
//
// Limits  TEXT_MAX for a text message, PIECE_MAX for a piece, ITEMS_MAX items in an offer

export const VERSION = 1;
export const PIECE_MAX = 64 * 1024;
export const TEXT_MAX = 64 * 1024;
export const OFFER_CUT = 60 * 1024;
export const ITEMS_MAX = 100_000;
export const PATH_MAX = 4096;

export interface FileItem {
  path: string;
  kind: "file";
  size: number | null;
  modified?: number;
}

export interface FolderItem {
  path: string;
  kind: "folder";
}

export type Item = FileItem | FolderItem;

export interface Resume {
  item: number;
  offset: number;
  sha256: string;
}

export const abortCodes = [
  "cancelled",
  "disk-full",
  "io",
  "file-changed",
  "hash-mismatch",
  "bad-message",
  "too-large",
] as const;
export type AbortCode = (typeof abortCodes)[number];

export type Message =
  | { type: "offer"; version: number; items: Item[]; total: number | null; more?: boolean }
  | { type: "accept"; resume: Resume[] }
  | { type: "decline"; reason: string }
  | { type: "item"; item: number; offset: number }
  | { type: "end"; item: number; size: number; sha256: string }
  | { type: "saved"; item: number }
  | { type: "progress"; bytes: number }
  | { type: "done" }
  | { type: "abort"; code: string; text: string };

export class BadMessage extends Error {}

type Members = Record<string, unknown>;

function count(members: Members, name: string): number {
  const value = members[name];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new BadMessage(`${name} is not a count`);
  }
  return value;
}

function countOrNull(members: Members, name: string): number | null {
  return members[name] === null || members[name] === undefined ? null : count(members, name);
}

function text(members: Members, name: string, max: number): string {
  const value = members[name];
  if (typeof value !== "string" || value.length > max) throw new BadMessage(`${name} is no text`);
  return value;
}

function sha256(members: Members): string {
  const value = text(members, "sha256", 64).toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(value)) throw new BadMessage("sha256 is no hash");
  return value;
}

function list(members: Members, name: string): Members[] {
  const value = members[name];
  if (!Array.isArray(value) || value.length > ITEMS_MAX) throw new BadMessage(`${name} is no list`);
  for (const entry of value) {
    if (typeof entry !== "object" || entry === null) throw new BadMessage(`${name} has no objects`);
  }
  return value as Members[];
}

function readItem(members: Members): Item {
  const path = text(members, "path", PATH_MAX);
  if (members["kind"] === "folder") return { path, kind: "folder" };
  if (members["kind"] !== "file") throw new BadMessage("an item of an unknown kind");
  const item: FileItem = { path, kind: "file", size: countOrNull(members, "size") };
  const modified = members["modified"];
  if (typeof modified === "number" && Number.isFinite(modified)) item.modified = modified;
  return item;
}

const readers: Record<string, (members: Members) => Message> = {
  offer: (m) => ({
    type: "offer",
    version: count(m, "version"),
    items: list(m, "items").map(readItem),
    total: countOrNull(m, "total"),
    more: m["more"] === true,
  }),
  accept: (m) => ({
    type: "accept",
    resume: (m["resume"] === undefined ? [] : list(m, "resume")).map((one) => ({
      item: count(one, "item"),
      offset: count(one, "offset"),
      sha256: sha256(one),
    })),
  }),
  decline: (m) => ({
    type: "decline",
    reason: typeof m["reason"] === "string" ? m["reason"].slice(0, 500) : "",
  }),
  item: (m) => ({ type: "item", item: count(m, "item"), offset: count(m, "offset") }),
  end: (m) => ({
    type: "end",
    item: count(m, "item"),
    size: count(m, "size"),
    sha256: sha256(m),
  }),
  saved: (m) => ({ type: "saved", item: count(m, "item") }),
  progress: (m) => ({ type: "progress", bytes: count(m, "bytes") }),
  done: () => ({ type: "done" }),
  abort: (m) => ({
    type: "abort",
    code: typeof m["code"] === "string" ? m["code"] : "",
    text: typeof m["text"] === "string" ? m["text"].slice(0, 500) : "",
  }),
};

// Reads a text message. Returns undefined for a type that this version does not know, which is
// ignored; throws BadMessage for what is none at all.
export function read(data: string): Message | undefined {
  if (data.length > TEXT_MAX) throw new BadMessage("the message is too long");
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    throw new BadMessage("not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new BadMessage("not an object");
  }
  const members = value as Members;
  const type = members["type"];
  if (typeof type !== "string") throw new BadMessage("no type");
  return Object.hasOwn(readers, type) ? readers[type]!(members) : undefined;
}

// An offer, cut into messages of at most about OFFER_CUT bytes.
export function offerTexts(items: Item[], total: number | null): string[] {
  const encoder = new TextEncoder();
  const groups: string[][] = [[]];
  let size = 0;
  for (const item of items) {
    const encoded = JSON.stringify(item);
    const length = encoder.encode(encoded).length + 1;
    if (size + length > OFFER_CUT - 100 && size > 0) {
      groups.push([]);
      size = 0;
    }
    groups.at(-1)!.push(encoded);
    size += length;
  }
  return groups.map((group, index) => {
    const more = index < groups.length - 1 ? ',"more":true' : "";
    return `{"type":"offer","version":${VERSION},"items":[${group.join(",")}],"total":${total}${more}}`;
  });
}
