// Calls with other implementations of media, both ways at once: each end shows numbered pictures and sounds a tone of
// its own, and of each is told what arrived there, decoded. Of the other end's, our media_file reads the pictures
// and the samples.

import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const HERE = dirname(fileURLToPath(import.meta.url));
const PEER = join(HERE, "../../build/media_peer");
const FILE = join(HERE, "../../build/media_file");
const PYTHON = "/usr/bin/python3"; // Debian's, for that is whose packages these are.
const PATIENCE = 25_000;

const OUR_HZ = 440;
const THEIR_HZ = 660;
const THEIR_FIRST = 1_000_000; // Numbers that are none of ours.
const PICTURES = 150;
const FEWEST_PICTURES = 25; // Of three seconds' 45 and more: who begins takes its time.
const FEWEST_PIECES = 80;

const OTHERS = {
  GStreamer: { script: "gst_peer.py", codecs: ["vp8", "h264"] },
  aiortc: { script: "aiortc_peer.py", codecs: ["vp8"] },
};

const run = promisify(execFile);

// Both ends, what each says carried to the other, until ours has told what it got.
async function call(ours, theirs) {
  const us = spawn(PEER, ours, { stdio: ["pipe", "pipe", "pipe"], timeout: PATIENCE });
  const them = spawn(PYTHON, theirs, { stdio: ["pipe", "pipe", "pipe"], timeout: PATIENCE });
  let said = "";
  let complaints = "";
  for (const end of [us, them]) {
    end.stdin.on("error", () => {}); // It has ended: its exit says why.
    end.stderr.on("data", (piece) => (complaints += piece));
  }
  us.stdout.on("data", (piece) => (said += piece));
  us.stdout.pipe(them.stdin); // Its end is theirs.
  them.stdout.pipe(us.stdin, { end: false });
  const [code] = await Promise.all([us, them].map((end) => new Promise((done) => end.once("exit", done))));
  if (code !== 0) {
    throw new Error(`no call came about:\n${complaints}`);
  }
  return JSON.parse(said.slice(said.lastIndexOf("{")));
}

function check(who, got, first) {
  const all = got.last - got.first + 1;
  const wrong = [
    [got.pictures < FEWEST_PICTURES, "few pictures"],
    [got.first < first || got.last >= first + PICTURES, "pictures of another's"],
    [got.backward > 0, "pictures in another order"],
    [got.pictures < 0.9 * all, "pictures that are missing or cannot be read"],
    [got.pieces < FEWEST_PIECES, "little sound"],
    [got.tones < 0.95 * got.pieces, "another tone"],
  ].filter(([is]) => is);
  if (wrong.length > 0) {
    throw new Error(`${who} got ${wrong.map(([, what]) => what).join(", ")}: ${JSON.stringify(got)}`);
  }
}

async function bothWays(folder, source, script, role, codec) {
  const at = (what) => join(folder, `${script}-${role}-${codec}.${what}`);
  const theirs = [role === "offer" ? "answer" : "offer", codec, source, at("i420"), at("s16"), `${THEIR_HZ}`];
  const got = await call([role, codec, `${THEIR_HZ}`], [join(HERE, script), ...theirs]);
  check("we", got, THEIR_FIRST);
  const { stdout } = await run(FILE, ["read", at("i420"), at("s16"), `${OUR_HZ}`]);
  check("they", JSON.parse(stdout), 0);
}

export async function mediaBothWays(claim) {
  const folder = mkdtempSync(join(tmpdir(), "yodel-media-"));
  const source = join(folder, "source.y4m");
  try {
    await run(FILE, ["draw", source, `${THEIR_FIRST}`, `${PICTURES}`]);
    for (const role of ["offer", "answer"]) {
      const calls = Object.entries(OTHERS).flatMap(([name, { script, codecs }]) =>
        codecs.map((codec) =>
          claim(`${name} and we see and hear each other, ${codec}, our ${role}`, () =>
            bothWays(folder, source, script, role, codec),
          ),
        ),
      );
      await Promise.all(calls);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
