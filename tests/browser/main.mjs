// Runs the cases: real browsers against the page, the server and the program.

import { fileURLToPath } from "node:url";
import { accessibility } from "./cases/accessibility.mjs";
import { between } from "./cases/between.mjs";
import { calls } from "./cases/calls.mjs";
import { doctor } from "./cases/doctor.mjs";
import { folders } from "./cases/folders.mjs";
import { hostile } from "./cases/hostile.mjs";
import { middle } from "./cases/middle.mjs";
import { media } from "./cases/media.mjs";
import { mishaps } from "./cases/mishaps.mjs";
import { paths } from "./cases/paths.mjs";
import { relays } from "./cases/relays.mjs";
import { terminal } from "./cases/terminal.mjs";
import { whip } from "./cases/whip.mjs";
import { Browsers } from "./lib/browsers.mjs";
import { runAll } from "./lib/check.mjs";
import { Files } from "./lib/files.mjs";
import { troubles } from "./lib/page.mjs";
import * as program from "./lib/program.mjs";

const dist = fileURLToPath(new URL("../../web/dist", import.meta.url));

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
const cases = [between, folders, mishaps, hostile, middle, accessibility, doctor, relays, paths, terminal, calls, media, whip]
  .flat()
  .filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));

const browsers = new Browsers();
let counts = { passed: 0, failed: ["the tests could not run"] };
try {
  await browsers.start();
  const files = new Files(browsers.home);
  await files.start();
  const context = { browsers, dist, files, newServer: program.serve, afterEach: () => files.clear() };
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
