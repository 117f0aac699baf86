// Claims, and a runner that counts. A case is {name, run, needsRoot?, needsMount?, ms?}; run gets a place of its own.

import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Place } from "./place.mjs";

export function equal(got, want, what) {
  if (!Object.is(got, want)) throw new Error(`${what}: ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
}

export function isTrue(value, what) {
  if (!value) throw new Error(what);
}

export function matches(text, pattern, what) {
  if (!pattern.test(text)) throw new Error(`${what}: ${JSON.stringify(text)} does not match ${pattern}`);
}

function limited(promise, ms) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took longer than ${ms / 1000} s`)), ms);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

async function runOne(one, home, counts) {
  const began = Date.now();
  const place = new Place(await mkdtemp(join(home, "case-")), home);
  let problem;
  try {
    await limited(one.run(place), one.ms ?? 60_000);
  } catch (error) {
    problem = error;
  }
  try {
    await place.leave();
  } catch (error) {
    problem ??= error;
  }
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  counts[problem ? "failed" : "passed"]++;
  console.log(`${problem ? "FAIL" : "ok  "} ${one.name} (${seconds} s)`);
  if (problem) console.log(`     ${problem.message.split("\n").join("\n     ")}\n${place.story()}`);
}

// Runs `width` cases at a time; those marked `alone` after the others, one by one.
export async function runAll(cases, width) {
  const home = await mkdtemp(join(tmpdir(), "yodel-e2e-"));
  const counts = { passed: 0, failed: 0 };
  const isRoot = process.getuid() === 0;
  const mayMount = spawnSync("unshare", ["--mount", "--propagation=unchanged", "true"]).status === 0; // Root in a container may not.
  const able = cases.filter((one) => {
    const lacks = (one.needsRoot && !isRoot && "root") || (one.needsMount && !mayMount && "the right to mount");
    if (lacks) console.log(`note: not run, as it needs ${lacks}: ${one.name}`);
    return !lacks;
  });
  const waiting = able.filter((one) => !one.alone);
  const worker = async () => {
    for (let one = waiting.shift(); one; one = waiting.shift()) await runOne(one, home, counts);
  };
  await Promise.all(Array.from({ length: width }, worker));
  for (const one of able.filter((one) => one.alone)) await runOne(one, home, counts);
  await rm(home, { recursive: true, force: true });
  return counts;
}
