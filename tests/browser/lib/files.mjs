// Files to send. A browser keeps for a while what it received, and goes on from there: a case that is about bytes on
// their way needs a file that no other had.

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { hashOf } from "./page.mjs";

export const MIB = 1024 * 1024;

async function make(path, size) {
  const out = createWriteStream(path);
  for (let left = size; left > 0; left -= MIB) {
    if (!out.write(randomBytes(Math.min(MIB, left)))) await once(out, "drain");
  }
  out.end();
  await once(out, "finish");
  return { path, size, name: path.split("/").pop(), hash: await hashOf(path) };
}

export class Files {
  #own = []; // Of the case at hand.
  #count = 0;

  constructor(home) {
    this.folder = join(home, "files");
  }

  async start() {
    await mkdir(this.folder);
    await writeFile(join(this.folder, "note.txt"), "hello\n");
    this.small = await make(join(this.folder, "small.bin"), 1234);
    this.empty = await make(join(this.folder, "empty.bin"), 0);
  }

  // One that is like no other, until the case ends.
  async fresh(size) {
    const path = join(this.folder, `fresh-${++this.#count}.bin`);
    this.#own.push(path);
    return make(path, size);
  }

  async clear() {
    for (const path of this.#own.splice(0)) await rm(path, { force: true });
  }
}
