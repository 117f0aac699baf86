// Runs the cases: real browsers against the page, the server and the program.

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { accessibility } from "./cases/accessibility.mjs";
import { between } from "./cases/between.mjs";
import { doctor } from "./cases/doctor.mjs";
import { folders } from "./cases/folders.mjs";
import { hostile } from "./cases/hostile.mjs";
import { middle } from "./cases/middle.mjs";
import { mishaps } from "./cases/mishaps.mjs";
import { relays } from "./cases/relays.mjs";
import { terminal } from "./cases/terminal.mjs";
import { Browsers } from "./lib/browsers.mjs";
import { runAll } from "./lib/check.mjs";
import { hashOf, troubles } from "./lib/page.mjs";
import * as program from "./lib/program.mjs";

const MIB = 1024 * 1024;
const dist = fileURLToPath(new URL("../../web/dist", import.meta.url));

async function makeFile(path, size) {
  const out = createWriteStream(path);
  for (let left = size; left > 0; left -= MIB) {
    if (!out.write(randomBytes(Math.min(MIB, left)))) await once(out, "drain");
  }
  out.end();
  await once(out, "finish");
  return { path, size, name: path.split("/").pop(), hash: await hashOf(path) };
}

async function makeFiles(home) {
  const folder = join(home, "files");
  await mkdir(folder);
  await writeFile(join(folder, "note.txt"), "hello\n");
  return {
    folder,
    big: await makeFile(join(folder, "big.bin"), 100 * MIB),
    // For a reload in its middle: a browser still has what it received in an earlier case.
    fresh: await makeFile(join(folder, "fresh.bin"), 100 * MIB),
    shared: await makeFile(join(folder, "shared.bin"), 40 * MIB), // Of the case that two pages receive it.
    middling: await makeFile(join(folder, "middling.bin"), 40 * MIB),
    small: await makeFile(join(folder, "small.bin"), 1234),
    empty: await makeFile(join(folder, "empty.bin"), 0),
  };
}

const nothingWentWrong = {
  name: "no page broke its content security policy, and none threw",
  async run() {
    const { violations, complaints } = troubles();
    if (violations.length + complaints.length > 0) {
      throw new Error([...violations, ...complaints].join("\n     "));
    }
  },
};

const wanted = process.argv.slice(2);
const cases = [between, folders, mishaps, hostile, middle, accessibility, doctor, relays, terminal]
  .flat()
  .filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));

const browsers = new Browsers();
let counts = { passed: 0, failed: ["the tests could not run"] };
try {
  await browsers.start();
  const context = {
    browsers,
    dist,
    files: await makeFiles(browsers.home),
    newServer: program.serve,
  };
  context.server = await context.newServer();
  counts = await runAll([...cases, nothingWentWrong], context);
} catch (error) {
  console.log(`FAIL the tests could not run: ${error.stack}`);
} finally {
  await browsers.stop();
  await program.stopAll();
}
for (const name of counts.failed) console.log(`failed: ${name}`);
console.log(`${counts.passed} passed, ${counts.failed.length} failed`);
process.exit(counts.failed.length > 0 ? 1 : 0);
