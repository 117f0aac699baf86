// yodel publish, play and call, with each other: what they refuse, what they say, what goes through, and how they end.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { check, makeFolder, runAll, same, serve, test, until, yodel } from "./lib/cases.mjs";

const urlOf = (server) => `http://127.0.0.1:${server.port}`;

// A program that goes on, and the JSON that it says.
function start(defer, args, command = process.env.YODEL) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  const run = { child, out: "", err: "", ended: once(child, "close") };
  child.stdout.on("data", (data) => (run.out += data));
  child.stderr.on("data", (data) => (run.err += data));
  run.events = (name) =>
    run.out
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line))
      .filter(({ event }) => event === name);
  run.last = (name) => run.events(name).at(-1);
  run.stop = async (signal = "SIGINT") => {
    child.kill(signal);
    return (await run.ended)[0];
  };
  defer(() => child.kill("SIGKILL"));
  return run;
}

// In a terminal of its own, which takes what is typed.
function inTerminal(defer, args) {
  const words = [process.env.YODEL, ...args].map((word) => `'${word}'`).join(" ");
  const run = start(defer, ["-qec", words, "/dev/null"], "script");
  run.type = (keys) => run.child.stdin.write(keys);
  run.says = (text) => until(`"${text}" is not said: ${run.out}`, () => run.out.includes(text), 15_000);
  return run;
}

test("what cannot be shown, or where, is said in a sentence", async (defer) => {
  const server = await serve(defer);
  const folder = makeFolder(defer);
  const text = join(folder, "text.mp4");
  writeFileSync(text, "no film");
  for (const [args, code, want] of [
    [["publish"], 2, "publish what?"],
    [["publish", "a", "b"], 2, "one source at a time"],
    [["publish", join(folder, "missing.webm")], 1, "No such file"],
    [["publish", text, "--server", urlOf(server)], 1, "no pictures and no sound"],
    [["publish", "test", "--video-codec", "VP7"], 2, "VP8, VP9, H264 and AV1"],
    [["publish", "test", "--audio-codec", "VP8"], 2, "opus, PCMU, PCMA and none"],
    [["publish", "test", "--room", "a b"], 2, "no room's name"],
    [["publish", "test", "--server", "nowhere"], 2, "no address of a server"],
    [["publish", "test", "--server", "http://127.0.0.1:1"], 4, "cannot reach a Yodel server"],
    [["publish", "test", "--whip", "nowhere"], 2, "no endpoint's URL"],
    [["publish", "test", "--whip", "http://127.0.0.1:9/", "--room", "a"], 2, "not both"],
    [["publish", "test", "--ice", "some"], 2, "--ice wants"],
    [["play"], 2, "give the link"],
    [["play", "x"], 2, "no link to a room"],
    [["play", "--room", "a", "--record", "file.avi"], 2, "ends with .webm"],
    [["call", "http://127.0.0.1:1"], 2, "no link to a call"],
    [["call", "--test", "--screen"], 2, "at a time"],
    [["call", "--test", "http://127.0.0.1:1/#call=a"], 4, "cannot reach a Yodel server"],
  ]) {
    const result = await yodel(...args);
    same(result.code, code, args.join(" "));
    check(result.err.includes(want), `${args.join(" ")}: ${result.err}`);
  }
});

test("a script gets what is wrong as JSON", async () => {
  const { code, out } = await yodel("play", "--json", "x");
  same(code, 2, "exit code");
  same(JSON.parse(out).code, "usage", "code");
});

test("who plays what is published gets pictures and sound, and the end of it", async (defer) => {
  const server = await serve(defer);
  const folder = makeFolder(defer);
  const file = join(folder, "kept.webm");
  const at = ["--server", urlOf(server), "--room", "r", "--json"];
  const player = start(defer, ["play", ...at, "--headless", "--record", file]);
  await until("nobody waits", () => player.last("state")?.text.includes("who sends"));
  const publisher = start(defer, ["publish", "test", ...at, "--video-codec", "VP8"]);
  await until("nothing is decoded", () => player.last("statistics")?.video?.frames_decoded > 5 && player.last("statistics").audio?.level > 0.1, 20_000);
  const { video, audio } = player.last("statistics");
  same(video.codec, "VP8", "codec");
  same(audio.codec, "opus", "codec of sound");
  check(video.width > 0 && video.jitter_buffer_ms >= 0, JSON.stringify(video));
  await until("who watches is not counted", () => publisher.last("statistics")?.peers === 1);
  same(await publisher.stop(), 130, "exit code of who published");
  await until("that it left is not told", () => player.last("state")?.text.includes("left"));
  same(await player.stop(), 130, "exit code of who played");
  check(player.last("recorded").text.includes(file) && existsSync(file), "the file");
  const again = await yodel("play", ...at, "--headless", "--duration", "2", "--record", file);
  same(again.code, 1, "a file that is there");
  check(again.out.includes("not overwritten"), again.out);
});

test("who plays where nobody publishes is told so at the end of the time", async (defer) => {
  const server = await serve(defer);
  const { code, err } = await yodel("play", "--server", urlOf(server), "--room", "r", "--headless", "--duration", "1");
  same(code, 4, "exit code");
  check(err.includes("nobody was there"), err);
});

test("two in terminals call, write, mute and leave; a third one is told that two are in it", async (defer) => {
  const server = await serve(defer);
  const args = ["call", "--test", "--headless", "--room", "r", "--server", urlOf(server)];
  const [one, other] = [inTerminal(defer, args), inTerminal(defer, args)];
  await one.says("Connected (");
  await other.says("shows its camera");
  const third = await yodel(...args);
  same(third.code, 3, "exit code of the third");
  check(third.err.includes("two are in it"), third.err);
  one.type("tgr\u00fcezi\r");
  await other.says("The other side: gr\u00fcezi");
  one.type("mv");
  await other.says("The other side is muted, and has its camera off.");
  one.type("q");
  same((await one.ended)[0], 0, "exit code of who left");
  await other.says("The other side has left.");
  other.type("\u0003");
  same((await other.ended)[0], 130, "exit code of Ctrl-C");
});

test("a call outlives its server, and finds it again", async (defer) => {
  const first = await serve(defer);
  const args = ["call", "--test", "--headless", "--json", "--room", "r", "--server", urlOf(first)];
  const runs = [start(defer, args), start(defer, args)];
  const decoded = (run) => run.last("statistics")?.received?.video?.frames_decoded ?? 0;
  await until("nothing is decoded", () => runs.every((run) => decoded(run) > 3), 20_000);
  first.child.kill("SIGKILL");
  await first.ended;
  await until("that the server is away is not told", () => runs.every((run) => run.last("state").text.includes("is away")));
  const before = runs.map(decoded);
  await until("nothing comes any more", () => runs.every((run, index) => decoded(run) > before[index]), 10_000);
  await serve(defer, "--listen", `127.0.0.1:${first.port}`);
  await until("the server is not found again", () => runs.every((run) => run.last("state").text.includes("is back")), 25_000);
  for (const run of runs) same(await run.stop(), 130, "exit code");
  for (const run of runs) same(run.events("state").filter(({ text }) => text.startsWith("Connected")).length, 1, "connections");
});

await runAll();
