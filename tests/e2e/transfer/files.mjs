// What is sent arrives: files, folders, several paths, pipes, unusual names.

import { mkdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { equal, isTrue, matches } from "./check.mjs";
import { hashOf, pause } from "./place.mjs";

export async function bothWell(sender, receiver, ms) {
  equal(await receiver.exit(ms), 0, "the receiver's exit");
  equal(await sender.exit(10_000), 0, "the sender's exit");
}

function aPipe(name, script, want) {
  return {
    name,
    async run(place) {
      await place.serve();
      const sender = await place.send(["-"], {
        wrapper: ["bash", "-c", `${script} | exec "$@"`, "bash"],
      });
      const receiver = place.receive(sender.code);
      await bothWell(sender, receiver);
      equal(await readFile(place.path("in", "stdin"), "utf8"), want, "what arrived");
    },
  };
}

async function aName(place, name, want) {
  await writeFile(place.path(name), "x");
  await place.serve();
  const sender = await place.send([name]);
  const receiver = place.receive(sender.code);
  await bothWell(sender, receiver);
  equal((await place.list()).join(), want, "the name in the folder");
}

export const files = [
  {
    name: "100 MiB arrive with the same hash, and the events tell of it in order",
    async run(place) {
      await place.serve();
      const big = await place.big(100);
      const sender = await place.send([big.path]);
      const receiver = place.receive(sender.code);
      await bothWell(sender, receiver);
      equal(await hashOf(place.path("in", big.name)), big.hash, "the hash");
      for (const one of [sender, receiver]) {
        equal(one.lines.length, 0, "lines that are no JSON object");
        equal(one.err, "", "what a script sees on standard error");
        const done = one.events.at(-1);
        equal(done.event, "done", "the last event");
        equal(done.bytes, big.size, "its bytes");
        equal(done.sha256, big.hash, "its hash");
        isTrue(one.events.filter((event) => event.event === "progress").length >= 2, "progress was told");
      }
      equal(sender.events[0].event, "code", "the first event");
      matches(sender.code, /^\d+-[a-z]+-[a-z]+$/, "the code");
      equal(sender.link, `${place.url}/#${sender.code}`, "the link");
      equal(receiver.last("done").path, place.path("in", big.name), "the path");
    },
  },
  {
    name: "a folder arrives with its folders, its empty folder and its empty file",
    async run(place) {
      await place.folder("trip", "a", "b");
      await place.folder("trip", "nothing");
      await writeFile(place.path("trip", "a", "b", "deep.txt"), "deep");
      await writeFile(place.path("trip", "a", "void"), "");
      await utimes(place.path("trip", "a", "void"), 1e9, 1e9);
      await place.serve();
      const sender = await place.send(["trip/"]);
      const receiver = place.receive(sender.code);
      await bothWell(sender, receiver);
      equal(
        (await place.list()).join(),
        "trip,trip/a,trip/a/b,trip/a/b/deep.txt,trip/a/void,trip/nothing",
        "what is there",
      );
      equal(await readFile(place.path("in", "trip", "a", "b", "deep.txt"), "utf8"), "deep", "the deep file");
      equal((await stat(place.path("in", "trip", "a", "void"))).mtimeMs, 1e12, "the empty file's date");
      equal(receiver.events.filter((one) => one.event === "saved").length, 2, "events of files");
    },
  },
  {
    name: "several paths arrive, and what is there already is not overwritten",
    async run(place) {
      await writeFile(place.path("a.txt"), "new");
      await writeFile(place.path("b.txt"), "b");
      await mkdir(place.path("in"));
      await writeFile(place.path("in", "a.txt"), "old");
      await place.serve();
      const sender = await place.send(["a.txt", "b.txt"]);
      const receiver = place.receive(sender.code);
      await bothWell(sender, receiver);
      equal((await place.list()).join(), "a (1).txt,a.txt,b.txt", "what is there");
      equal(await readFile(place.path("in", "a.txt"), "utf8"), "old", "what was there");
      equal(await readFile(place.path("in", "a (1).txt"), "utf8"), "new", "what came");
    },
  },
  {
    name: "the same name twice arrives twice",
    async run(place) {
      await place.folder("one");
      await place.folder("two");
      await writeFile(place.path("one", "same.txt"), "1");
      await writeFile(place.path("two", "same.txt"), "22");
      await place.serve();
      const sender = await place.send(["one/same.txt", "two/same.txt"]);
      const receiver = place.receive(sender.code);
      await bothWell(sender, receiver);
      equal((await place.list()).join(), "same (1).txt,same.txt", "what is there");
    },
  },
  {
    name: "two thousand small files arrive",
    async run(place) {
      await place.folder("many");
      const names = Array.from({ length: 2000 }, (_, i) => place.path("many", `file-${i}.txt`));
      await Promise.all(names.map((name, i) => writeFile(name, `${i}`)));
      await place.serve();
      const sender = await place.send(["many"]);
      const receiver = place.receive(sender.code);
      await bothWell(sender, receiver);
      equal((await place.list()).length, 2001, "files and the folder");
      equal(await readFile(place.path("in", "many", "file-1234.txt"), "utf8"), "1234", "one of them");
    },
  },
  aPipe("a pipe is sent until its end", "seq 1 100000", Array.from({ length: 100000 }, (_, i) => `${i + 1}\n`).join("")),
  aPipe("a slow pipe is waited for", "(sleep 1; echo x; sleep 1; echo y)", "x\ny\n"),
  aPipe("an empty pipe is an empty file", "true", ""),
  {
    name: "a pipe that is a plain file, and one that is /dev/null, are sent too",
    async run(place) {
      await writeFile(place.path("plain"), "plain");
      await place.serve();
      for (const [source, want] of [["plain", "plain"], ["/dev/null", ""]]) {
        const sender = await place.send(["-", "--name", `from-${want}`], {
          wrapper: ["bash", "-c", `exec "$@" < ${source}`, "bash"],
        });
        await bothWell(sender, place.receive(sender.code));
        equal(await readFile(place.path("in", `from-${want}`), "utf8"), want, "what arrived");
      }
    },
  },
  {
    name: "a slow reader of --output - gets every byte, and a pipe that breaks is said",
    async run(place) {
      await place.serve();
      const big = await place.big(24);
      const sender = await place.send([big.path]);
      const receiver = place.start(
        ["receive", "--yes", "--server", place.url, "--output", "-", sender.code],
        { wrapper: ["bash", "-o", "pipefail", "-c", '"$@" | (sleep 1.5; sha256sum)', "bash"] },
      );
      await bothWell(sender, receiver);
      equal(receiver.out.slice(0, 64), big.hash, "the hash");

      const second = await place.send([big.path]);
      const closing = place.start(
        ["receive", "--yes", "--server", place.url, "--output", "-", second.code],
        { wrapper: ["bash", "-o", "pipefail", "-c", '"$@" | head -c 10 >/dev/null', "bash"] },
      );
      equal(await closing.exit(), 1, "the exit of one whose pipe broke");
      matches(closing.err, /standard output/, "what it says");
      equal(await second.exit(), 1, "its sender's exit");
    },
  },
  {
    name: "names with spaces and other alphabets arrive as they are",
    run: (place) => aName(place, "Ünï cödé 日本 файл 😀.txt", "Ünï cödé 日本 файл 😀.txt"),
  },
  {
    name: "a name as long as the disk allows is shortened before its extension",
    run: (place) => aName(place, `${"é".repeat(125)}.txt`, `${"é".repeat(98)}.txt`),
  },
  {
    name: "a name that is no UTF-8 is mended",
    async run(place) {
      await writeFile(Buffer.from(`${place.home}/bad\xff\xfe.txt`, "latin1"), "x");
      await place.serve();
      const sender = await place.send(["."], { wrapper: ["bash", "-c", 'mkdir s; mv bad* s; cd s; exec "$@"', "bash"] });
      await bothWell(sender, place.receive(sender.code));
      equal((await place.list()).join(), "s,s/bad__.txt", "what is there");
      equal(sender.lines.length, 0, "lines that are no JSON");
    },
  },
  {
    name: "names with line ends and escape codes are harmless on disk and on the screen",
    async run(place) {
      const name = "a\nevil: \x1b[2J\x1b]0;x\x07.txt";
      await writeFile(place.path(name), "x");
      await place.serve();
      const sender = place.start(["send", "--server", place.url, "--no-qr", name]);
      const code = await sender.until(() => /receive (\d+-\w+-\w+)/.exec(sender.err)?.[1], "code");
      const receiver = place.start(["receive", "--yes", "--server", place.url, "--output", place.path("in"), code]);
      await bothWell(sender, receiver);
      equal((await place.list()).join(), "a_evil_ _[2J_]0;x_.txt", "the name in the folder");
      for (const one of [sender, receiver]) {
        isTrue(!/[\x00-\x09\x0b-\x1f\x7f]/.test(one.err), `no control character: ${JSON.stringify(one.err)}`);
        isTrue(!/^evil/m.test(one.err), "no line of the name's own");
      }
    },
  },
  {
    name: "links and devices inside a folder are left out, and said",
    async run(place) {
      await place.folder("odd");
      await writeFile(place.path("odd", "plain"), "x");
      await place.serve();
      const sender = await place.send(["odd"], {
        wrapper: ["bash", "-c", 'ln -s /etc/passwd odd/link; mkfifo odd/fifo; exec "$@"', "bash"],
      }).catch(() => undefined);
      isTrue(sender, "the first event is the code, also where something is left out");
      await bothWell(sender, place.receive(sender.code));
      equal((await place.list()).join(), "odd,odd/plain", "what is there");
      matches(sender.last("left-out")?.text ?? "", /2 links or devices/, "what is said");
    },
  },
  {
    name: "what cannot be read is said before a code is made",
    async run(place) {
      await place.serve();
      const missing = place.start(["send", "--json", "--server", place.url, "not-there"]);
      equal(await missing.exit(), 1, "the exit");
      matches(missing.last("error").text, /not-there.*No such file/, "the text");
      equal(missing.events.length, 1, "events");
      const nothing = place.start(["send"]);
      equal(await nothing.exit(), 2, "the exit with no path");
      matches(nothing.err, /yodel send FILE/, "the hint");
      const wrong = place.start(["send", "--sever", "x", "y"]);
      equal(await wrong.exit(), 2, "the exit with an unknown option");
      matches(wrong.err, /--server/, "the suggestion");
      await pause(0);
    },
  },
];
