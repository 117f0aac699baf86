// The laboratory is built, proven, and used. See README.md.

import { once } from "node:events";
import { proofs } from "./cases/proof.mjs";
import { diagnoses } from "./cases/doctor.mjs";
import { browsers, canRun } from "./cases/browser.mjs";
import { changes, idle, orphans } from "./cases/changes.mjs";
import { matrix, results, table } from "./cases/matrix.mjs";
import { neighbours } from "./cases/neighbours.mjs";
import { certify, Internet, SERVE, SERVER } from "./lab/internet.mjs";
import { isPossible, kinds } from "./lab/kinds.mjs";
import { Stage } from "./lab/programs.mjs";

const CASE_MS = 60_000;
const WIDTH = 6; // Cases at a time.

// As the first process of its namespace it hears no signal that it does not ask for. With it, all others end.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => process.exit(1));

const wanted = process.argv.slice(2);
const counts = { passed: 0, failed: 0 };

function limited(promise, ms) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took longer than ${ms / 1000} s`)), ms);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

async function runOne(one) {
  const began = Date.now();
  const stage = await Stage.open();
  let problem;
  try {
    await limited(one.run(stage, internet), one.ms ?? CASE_MS);
  } catch (error) {
    problem = error;
  }
  const story = stage.story();
  await stage.close();
  counts[problem ? "failed" : "passed"]++;
  console.log(`${problem ? "FAIL" : "ok  "} ${one.name} (${((Date.now() - began) / 1000).toFixed(1)} s)${one.note ? `: ${one.note}` : ""}`);
  if (problem) console.log(`     ${problem.message.split("\n").join("\n     ")}\n${story}`);
}

async function runAll(cases, width = WIDTH) {
  const waiting = cases.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
  // Networks are built first: it holds up this process, and with it what it measures.
  for (const one of waiting) one.prepare?.(internet);
  const worker = async () => {
    for (let one = waiting.shift(); one; one = waiting.shift()) await runOne(one);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

async function serve(stage, machine, options) {
  const server = stage.start(machine, ["serve", ...options]);
  await server.until(() => server.out.includes("Ctrl-C"), "start of the server");
}

await certify();
const internet = new Internet();
for (const half of ["west", "east"]) {
  for (const kind of Object.keys(kinds)) {
    if (isPossible(kind)) internet.site(kind, half);
    else console.log(`note: no ${kind}, as there is no /dev/net/tun`);
  }
}
await internet.ready();

const probe = await internet.helper(internet.server, process.execPath, "probe.mjs", "serve", ...SERVER.v4, ...SERVER.v6);
await runAll(proofs(internet));
probe.kill("SIGKILL"); // It has the server's ports.
await once(probe, "close");

const stage = await Stage.open();
await serve(stage, internet.server, SERVE);
if (canRun) await runAll(browsers(), 2);
else console.log("note: there is no Chromium");
await runAll(diagnoses(internet), 2);
await runAll([idle, orphans, ...neighbours(), ...changes()], 3);
await runAll(matrix(internet));
if (results.size > 0) console.log(table(internet));

console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed > 0 ? 1 : 0);
