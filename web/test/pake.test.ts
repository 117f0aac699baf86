import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import vectors from "../../tests/vectors/spake2.json";
import { isFingerprint, fingerprintsOf, isOnlyFingerprint } from "../src/fingerprint.ts";
import * as pake from "../src/pake.ts";
import { Pairing } from "../src/pairing.ts";
import { Problem } from "../src/problem.ts";

const first = vectors.cases[0]!;

for (const one of vectors.cases) {
  test(`vector: ${one.name}`, () => {
    const w = BigInt(`0x${one.w}`);
    if (one.password !== "") assert.equal(pake.passwordScalar(one.password), w);
    const x = BigInt(`0x${one.x}`);
    const y = BigInt(`0x${one.y}`);
    assert.equal(bytesToHex(pake.share("A", w, x)), one.pA);
    assert.equal(bytesToHex(pake.share("B", w, y)), one.pB);
    const a = pake.finish({
      role: "A", w, secret: x, ourIdentity: one.idA, theirIdentity: one.idB, theirShare: hexToBytes(one.pB),
    });
    const b = pake.finish({
      role: "B", w, secret: y, ourIdentity: one.idB, theirIdentity: one.idA, theirShare: hexToBytes(one.pA),
    });
    assert.equal(bytesToHex(a.confirmation), one.confirmA);
    assert.equal(bytesToHex(a.expected), one.confirmB);
    assert.equal(bytesToHex(b.confirmation), one.confirmB);
    assert.equal(bytesToHex(b.expected), one.confirmA);
  });
}

for (const { why, pB } of vectors.refusedByA) {
  test(`a share is refused: ${why}`, () => {
    assert.throws(() =>
      pake.finish({
        role: "A",
        w: BigInt(`0x${first.w}`),
        secret: BigInt(`0x${first.x}`),
        ourIdentity: first.idA,
        theirIdentity: first.idB,
        theirShare: hexToBytes(pB),
      }),
    );
  });
}

// ---- the messages

const fpA = first.idA;
const fpB = first.idB;

// Runs both sides until nothing is left to say. `meddle` is the server.
function run(codeA: string, codeB: string, meddle = (data: any, _from: "A" | "B"): any => data) {
  const wire: { to: "A" | "B"; data: any }[] = [];
  const a = new Pairing("A", codeA, fpA, (data) => wire.push({ to: "B", data: meddle(data, "A") }));
  const b = new Pairing("B", codeB, fpB, (data) => wire.push({ to: "A", data: meddle(data, "B") }));
  const problems: string[] = [];
  a.start();
  b.start();
  for (let next = wire.shift(); next; next = wire.shift()) {
    try {
      (next.to === "A" ? a : b).receive(JSON.parse(JSON.stringify(next.data)));
    } catch (thrown) {
      assert.ok(thrown instanceof Problem);
      problems.push(`${next.to} ${thrown.code}`);
    }
  }
  return { a, b, problems };
}

test("the same words confirm each other's fingerprint", () => {
  const { a, b, problems } = run("7-amber-falcon", "7-amber-falcon");
  assert.deepEqual(problems, []);
  assert.deepEqual([a.state, b.state], ["done", "done"]);
  assert.deepEqual([a.peerFingerprint, b.peerFingerprint], [fpB, fpA]);
});

test("other words confirm nothing, and the guess is spent", () => {
  const { a, b, problems } = run("7-amber-falcon", "7-amber-river");
  assert.ok(problems.includes("A wrong-code") && problems.includes("B wrong-code"));
  assert.deepEqual([a.state, b.state], ["failed", "failed"]);
  assert.ok(a.guessed);
});

test("a server that swaps a fingerprint is found out by both", () => {
  const evil = `EE${fpA.slice(2)}`;
  for (const victim of ["A", "B"] as const) {
    const { a, b } = run("7-amber-falcon", "7-amber-falcon", (data, from) =>
      from === victim && data.pake ? { pake: { ...data.pake, fingerprint: evil } } : data,
    );
    assert.deepEqual([a.state, b.state], ["failed", "failed"]);
  }
});

test("a reflected pairing is refused", () => {
  const said: any[] = [];
  const a = new Pairing("A", "7-amber-falcon", fpA, (data) => said.push(data));
  a.start();
  assert.throws(() => a.receive(said[0]), Problem);
  assert.equal(a.state, "failed");
});

const hostile: [string, unknown][] = [
  ["another version", { pake: { version: 2, share: first.pB, fingerprint: fpB } }],
  ["a share that is no text", { pake: { version: 1, share: 7, fingerprint: fpB } }],
  ["a share that is no hex", { pake: { version: 1, share: "zz".repeat(65), fingerprint: fpB } }],
  ["a share off the curve", { pake: { version: 1, share: `04${"11".repeat(64)}`, fingerprint: fpB } }],
  ["a lower-case fingerprint", { pake: { version: 1, share: first.pB, fingerprint: fpB.toLowerCase() } }],
  ["markup for a fingerprint", { pake: { version: 1, share: first.pB, fingerprint: "<img src=x>" } }],
  ["pake null", { pake: null }],
  ["a confirmation first", { confirm: "00".repeat(32) }],
  ["a description first", { description: { type: "offer", sdp: "v=0" } }],
];
for (const [why, data] of hostile) {
  test(`pairing ends at ${why}`, () => {
    const b = new Pairing("B", "7-amber-falcon", fpB === fpA ? "" : fpA, () => undefined);
    b.start();
    assert.throws(() => b.receive(data), Problem);
    assert.equal(b.state, "failed");
  });
}

test("what is no message is ignored", () => {
  const b = new Pairing("B", "7-amber-falcon", fpA, () => undefined);
  b.start();
  for (const data of [null, 7, "x", [], {}, { candidate: null }]) b.receive(data);
  assert.equal(b.state, "sharing");
});

// ---- fingerprints

test("fingerprints are read from a description", () => {
  const sdp = `v=0\r\na=fingerprint:sha-256 ${fpA.toLowerCase()}\r\nm=application\r\na=fingerprint:SHA-256 ${fpA}\r\n`;
  assert.deepEqual(fingerprintsOf(sdp), [fpA, fpA]);
  assert.ok(isOnlyFingerprint(sdp, fpA));
  assert.ok(!isOnlyFingerprint(sdp, fpB));
});

test("a description with a second identity is not the confirmed one", () => {
  const good = `a=fingerprint:sha-256 ${fpA}`;
  for (const more of [`a=fingerprint:sha-256 ${fpB}`, "a=fingerprint:sha-1 AB:CD", "a=fingerprint:", `A=FINGERPRINT:sha-256 ${fpB}`]) {
    assert.ok(!isOnlyFingerprint(`${good}\r\n${more}\r\n`, fpA), more);
    assert.ok(!isOnlyFingerprint(`${good}\r${more}\n`, fpA), more);
  }
  assert.ok(!isOnlyFingerprint("v=0\r\n", fpA));
  assert.ok(!isFingerprint(fpA.slice(3)));
});
