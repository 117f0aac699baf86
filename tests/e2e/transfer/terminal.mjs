// What a person sees, on a terminal: the question, the bar, the QR code.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { equal, isTrue, matches } from "./check.mjs";
import { hashOf } from "./place.mjs";

const EXITS = { "y\n": 0, "Y\n": 0, "\n": 0, "yes\n": 0, "n\n": 3, "no\n": 3, "what\n": 3, "\x04": 3 };

function receiveOn(columns, place, code, options = []) {
  return place.start(["receive", "--server", place.url, "--output", place.path("in"), ...options, code], { columns });
}

// By O_NONBLOCK in what /proc says.
function isBlocking(text) {
  return (parseInt(/flags:\s+(\d+)/.exec(text)[1], 8) & 0o4000) === 0;
}

function anAnswer(typed) {
  const status = EXITS[typed];
  return {
    name: `the answer ${JSON.stringify(typed)} to the question ${status === 0 ? "takes" : "declines"} the files`,
    async run(place) {
      await place.serve();
      await writeFile(place.path("note.txt"), "hello");
      const sender = await place.send(["note.txt"]);
      const receiver = receiveOn(80, place, sender.code);
      await receiver.until(() => /Receive\? \[Y\/n\] /.test(receiver.out), "question");
      matches(receiver.out, /note\.txt {2}5 B/, "what is listed");
      receiver.child.stdin.write(typed);
      equal(await receiver.exit(10_000), status, "the receiver's exit");
      equal(await sender.exit(10_000), status, "the sender's exit");
      if (status !== 0) equal(sender.last("error").code, "declined", "the sender's error");
    },
  };
}

// What a terminal of `columns` shows in the end, cursor codes obeyed as far as we use them.
function linesOf(text) {
  return text
    .replaceAll("\r\n", "\n")
    .split("\n")
    .map((line) => line.split("\r").at(-1).replace(/\x1b\[[0-9;]*[mK]/g, ""));
}

function widthsOf(text) {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => line.replace(/\x1b\[[0-9;]*[mK]/g, ""))
    .map((line) => [...line].length + (line.match(/[\u3000-\u9fff]/g) ?? []).length);
}

function aBar(columns) {
  return {
    name: `progress stays on one line of ${columns} columns`,
    async run(place) {
      await place.serve();
      const big = await place.big(100);
      const path = place.path("a name that is quite long, 日本語ファイル, for one line of progress.bin");
      const { link } = await import("node:fs/promises");
      await link(big.path, path);
      await mkdir(place.path("in"));
      const sender = place.start(["send", "--server", place.url, "--no-qr", path], { columns });
      const code = await sender.until(() => /receive (\d+-\w+-\w+)/.exec(sender.out)?.[1], "code");
      const receiver = receiveOn(columns, place, code, ["--yes"]);
      for (const one of [receiver, sender]) {
        equal(await one.exit(), 0, "the exit");
        matches(one.out, /\d+%/, "the bar");
        const bars = one.out.split("\r").filter((line) => line.includes("%"));
        const widest = Math.max(...bars.flatMap(widthsOf));
        isTrue(widest < columns, `the widest line has ${widest} columns`);
        isTrue(!one.out.includes("\ufffd"), "no character is cut");
        matches(linesOf(one.out).join("\n"), /Done: /, "the end");
      }
      const { basename, join } = await import("node:path");
      equal(await hashOf(join(place.path("in"), basename(path))), big.hash, "the hash");
    },
  };
}

export const terminal = [
  ...["send", "receive"].map((command) => ({
    name: `yodel ${command} leaves the terminal blocking, as it was`,
    async run(place) {
      await place.serve();
      await writeFile(place.path("f"), "x");
      const look = ["bash", "-c", '"$@"; grep flags: /proc/self/fdinfo/0', "bash"];
      const typed = "typed by hand\n";
      if (command === "send") {
        const sender = place.start(["send", "--json", "--server", place.url, "-"], { columns: 80, wrapper: look });
        const { code } = await sender.event("code");
        const receiver = place.receive(code);
        await receiver.event("connected");
        sender.child.stdin.write(`${typed}\x04`);
        equal(await receiver.exit(10_000), 0, "the receiver's exit");
        equal(await readFile(place.path("in", "stdin"), "utf8"), typed, "what arrived");
        await sender.exit();
        isTrue(isBlocking(sender.out), "the terminal blocks");
      } else {
        const sender = await place.send(["f"]);
        const receiver = place.start(["receive", "--server", place.url, "-o", "in", sender.code], { columns: 80, wrapper: look });
        await receiver.until(() => /\[Y\/n\] /.test(receiver.out), "question");
        receiver.child.stdin.write("y\n");
        await receiver.exit();
        equal(await sender.exit(), 0, "the sender's exit");
        isTrue(isBlocking(receiver.out), "the terminal blocks");
      }
    },
  })),
  ...Object.keys(EXITS).map(anAnswer),
  aBar(80),
  aBar(40),
  aBar(20),
  {
    name: "a QR code of the link is shown on a terminal, and not elsewhere",
    async run(place) {
      await place.serve();
      await writeFile(place.path("f"), "x");
      const shown = place.start(["send", "--server", place.url, "f"], { columns: 80 });
      await shown.until(() => /█[^]*\n[^]*█/.test(shown.out), "QR code");
      matches(shown.out, new RegExp(`${place.url}/#\\d+-\\w+-\\w+`), "the link");
      shown.child.stdin.write("\x03");
      equal(await shown.exit(5000), 130, "the exit after Ctrl-C");
      const plain = place.start(["send", "--server", place.url, "f"]);
      await plain.until(() => /receive \d+-/.test(plain.err), "code");
      isTrue(!plain.err.includes("█") && !plain.err.includes("\x1b"), "no QR code and no colour in a pipe");
    },
  },
  {
    name: "Ctrl-C at the question tells the sender",
    async run(place) {
      await place.serve();
      await writeFile(place.path("f"), "x");
      const sender = await place.send(["f"]);
      const receiver = receiveOn(80, place, sender.code);
      await receiver.until(() => /\[Y\/n\] /.test(receiver.out), "question");
      receiver.child.stdin.write("\x03");
      equal(await receiver.exit(5000), 130, "the receiver's exit");
      isTrue((await sender.exit(5000)) !== 0, "the sender does not end well");
      equal(sender.last("error").code, "cancelled", "its error");
    },
  },
  {
    name: "--yes asks nothing on a terminal either",
    async run(place) {
      await place.serve();
      await writeFile(place.path("f"), "x");
      const sender = await place.send(["f"]);
      const receiver = receiveOn(80, place, sender.code, ["--yes"]);
      equal(await receiver.exit(10_000), 0, "the exit");
      isTrue(!receiver.out.includes("[Y/n]"), "no question");
    },
  },
];
