// What people drop, pick or paste, as a flat list of files with paths.

import type { Chosen } from "../storage/client.ts";

// In an order that does not depend on the browser, folders that hold files left out: the paths say
// them. Two files of one path cannot be told apart by the receiver: the later gets a number.
export function tidy(chosen: Chosen[]): Chosen[] {
  const seen = new Map<string, number>();
  return chosen.map((one) => {
    const times = seen.get(one.path) ?? 0;
    seen.set(one.path, times + 1);
    if (times === 0) return one;
    const dot = one.path.lastIndexOf(".");
    const cut = dot > one.path.lastIndexOf("/") + 1 ? dot : one.path.length;
    return { ...one, path: `${one.path.slice(0, cut)} (${times})${one.path.slice(cut)}` };
  });
}

export function fromFileList(list: FileList | null): Chosen[] {
  return [...(list ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    // Chromium gives at most a hundred at a time.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return all;
    all.push(...some);
  }
}

async function walk(entry: FileSystemEntry): Promise<Chosen[]> {
  const path = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) return [{ path, file: await fileOf(entry as FileSystemFileEntry) }];
  const inside: Chosen[] = [];
  for (const child of await entriesOf(entry as FileSystemDirectoryEntry)) {
    inside.push(...(await walk(child)));
  }
  return inside.length > 0 ? inside : [{ path }];
}

const PASTED_TEXT = "Pasted text.txt";

// Of a drop or a paste. Must be called while the event lives: the browser then takes its items away.
export async function fromTransfer(transfer: DataTransfer | null): Promise<Chosen[]> {
  if (!transfer) return [];
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? undefined);
  const files = items.map((item) => item.getAsFile());
  const text = transfer.getData("text/plain");
  const chosen: Chosen[] = [];
  for (const [index, entry] of entries.entries()) {
    const file = files[index];
    if (entry) chosen.push(...(await walk(entry)));
    else if (file) chosen.push({ path: file.name, file });
  }
  if (chosen.length === 0 && text !== "") {
    const file = new File([text], PASTED_TEXT, { type: "text/plain" });
    chosen.push({ path: PASTED_TEXT, file });
  }
  return chosen;
}
