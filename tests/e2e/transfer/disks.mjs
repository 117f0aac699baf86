// Disks that are full, files that change, folders that may not be read or written.

import { appendFile, chmod, mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { equal, isTrue, matches } from "./check.mjs";
import { wentOn } from "./accidents.mjs";
import { bothWell } from "./files.mjs";
import { hashOf } from "./place.mjs";

function run(...command) {
  const { status, stderr } = spawnSync(command[0], command.slice(1), { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
}

function aChange(what, change) {
  return {
    name: `a file that ${what} while it is sent is an error on both sides`,
    async run(place) {
      await place.serve();
      const big = await place.big(200);
      const path = place.path("changing.bin");
      run("cp", "--reflink=auto", big.path, path);
      const sender = await place.send([path]);
      const receiver = place.receive(sender.code);
      await sender.underway();
      await change(path);
      for (const one of [receiver, sender]) {
        equal(await one.exit(), 1, `the ${one.args[0]}r's exit`);
        equal(one.last("error").code, "file-changed", "the error");
      }
      isTrue(!existsSync(place.path("in", "changing.bin")), "no file under its name");
    },
  };
}

const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

export const disks = [
  {
    name: "a full disk is said, the part is kept, and the same command goes on once there is room",
    needsMount: true,
    async run(place) {
      await mkdir(place.path("in"));
      run("mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", place.path("in"));
      place.atEnd(() => run("umount", "-l", place.path("in")));
      await place.serve();
      const big = await place.big(40);
      const sender = await place.send([big.path]);
      const receiver = place.receive(sender.code);
      equal(await receiver.exit(), 1, "the receiver's exit");
      equal(receiver.last("error").code, "disk-full", "its error");
      isTrue(receiver.last("little-room"), "it is said before, too");
      equal(await sender.exit(), 1, "the sender's exit");
      equal(sender.last("error").code, "disk-full", "its error");
      const part = await place.partSize(big.name);
      isTrue(part > 15e6 && part <= 20 << 20, `the part is kept (${part})`);

      run("mount", "-o", "remount,size=60m", place.path("in"));
      const again = await place.send([big.path]);
      const resumed = place.receive(again.code);
      await bothWell(again, resumed);
      wentOn(resumed, part);
      equal(await hashOf(place.path("in", big.name)), big.hash, "the hash");
      equal((await place.list()).join(), big.name, "what is there");
    },
  },
  aChange("grows", (path) => appendFile(path, "more")),
  aChange("shrinks", (path) => truncate(path, 1000)),
  aChange("is written to in its middle", async (path) => {
    const { open } = await import("node:fs/promises");
    const file = await open(path, "r+");
    await file.write("x", 5);
    await file.close();
  }),
  {
    name: "a file that changes between the code and the yes is an error on both sides",
    async run(place) {
      await place.serve();
      await writeFile(place.path("f"), "before");
      const sender = await place.send(["f"]);
      await writeFile(place.path("f"), "after it");
      const receiver = place.receive(sender.code);
      equal(await receiver.exit(), 1, "the receiver's exit");
      equal(receiver.last("error").code, "file-changed", "its error");
      equal(await sender.exit(), 1, "the sender's exit");
      equal((await place.list()).filter((name) => !name.endsWith(".yodel-part")).length, 0, "files");
    },
  },
  {
    name: "a folder that may not be written to, and one that is a file, are said before anything else",
    needsRoot: true,
    async run(place) {
      await chmod(place.home, 0o755);
      await chmod(place.common, 0o755);
      await mkdir(place.path("mine"), { mode: 0o755 });
      await writeFile(place.path("plain"), "x");
      const barred = place.receive("7-amber-falcon", { into: place.path("mine"), url: "http://127.0.0.1:9", wrapper: asNobody });
      equal(await barred.exit(), 1, "the exit");
      matches(barred.last("error").text, /Permission denied/, "the sentence");
      const below = place.receive("7-amber-falcon", { into: place.path("mine/new"), url: "http://127.0.0.1:9", wrapper: asNobody });
      equal(await below.exit(), 1, "the exit for a new folder in it");
      matches(below.last("error").text, /Permission denied|No such file/, "the sentence");
      const file = place.receive("7-amber-falcon", { into: place.path("plain"), url: "http://127.0.0.1:9" });
      equal(await file.exit(), 1, "the exit for a file");
      matches(file.last("error").text, /Not a directory/, "the sentence");
      equal(await readFile(place.path("plain"), "utf8"), "x", "the file");
    },
  },
  {
    name: "a folder that may not be read is said before a code is made",
    needsRoot: true,
    async run(place) {
      await chmod(place.home, 0o755);
      await chmod(place.common, 0o755);
      await mkdir(place.path("trip", "secret"), { recursive: true });
      await chmod(place.path("trip", "secret"), 0o700);
      const sender = place.start(["send", "--json", "--server", "http://127.0.0.1:9", "trip"], { wrapper: asNobody });
      equal(await sender.exit(), 1, "the exit");
      matches(sender.last("error").text, /trip\/secret.*Permission denied/, "the sentence");
    },
  },
  {
    name: "a link that somebody put into the folder leads nowhere",
    async run(place) {
      await place.folder("in");
      await place.folder("elsewhere");
      await place.folder("trip");
      await writeFile(place.path("trip", "f"), "x");
      run("ln", "-s", place.path("elsewhere"), place.path("in", "trip"));
      run("ln", "-s", place.path("elsewhere", "stolen"), place.path("in", "g.yodel-part"));
      await writeFile(place.path("g"), "x");
      await place.serve();
      for (const what of ["trip", "g"]) {
        const sender = await place.send([what]);
        const receiver = place.receive(sender.code);
        equal(await receiver.exit(), 1, "the receiver's exit");
        equal(receiver.last("error").code, "io", "its error");
        equal(await sender.exit(), 1, "the sender's exit");
      }
      equal((await place.list("elsewhere")).length, 0, "what is elsewhere");
    },
  },
];
