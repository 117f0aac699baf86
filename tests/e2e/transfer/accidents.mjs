// Ends in the middle: killed, interrupted, silent; and what goes on afterwards.

import { existsSync } from "node:fs";
import { equal, isTrue, matches } from "./check.mjs";
import { bothWell } from "./files.mjs";
import { hashOf, pause } from "./place.mjs";

const SIZE = 300;

// It did not begin again.
export function wentOn(receiver, part) {
  const at = receiver.events.findIndex((one) => one.event === "resumed");
  isTrue(at >= 0, "it says that it goes on");
  const { bytes } = receiver.events.slice(at).find((one) => one.event === "progress");
  isTrue(bytes >= part, `it went on from the part (${bytes} of at least ${part})`);
}

function anInterrupt(who, signal) {
  return {
    name: `${signal} on the ${who} ends both, and the other is told at once`,
    async run(place) {
      await place.serve();
      const big = await place.big(SIZE);
      const sender = await place.send([big.path]);
      const receiver = place.receive(sender.code);
      await receiver.underway();
      const [ended, told] = who === "sender" ? [sender, receiver] : [receiver, sender];
      ended.kill(signal);
      const began = Date.now();
      equal(await ended.exit(5000), 130, `the ${who}'s exit`);
      equal(ended.last("error").code, "cancelled", "its error");
      equal(await told.exit(5000), 1, "the other's exit");
      isTrue(Date.now() - began < 4000, "soon");
      equal(told.last("error").code, "cancelled", "the other's error");
      matches(told.last("error").text, new RegExp(`the ${who} stopped`), "its sentence");
      isTrue((await place.list()).every((name) => name.endsWith(".yodel-part")), "only a part is left");
    },
  };
}

export const accidents = [
  {
    name: "a receiver that is killed goes on from its part with the same code",
    async run(place) {
      await place.serve();
      const big = await place.big(SIZE);
      const sender = await place.send([big.path]);
      const receiver = place.receive(sender.code);
      await receiver.underway(20e6);
      receiver.kill("SIGKILL");
      await receiver.exit();
      const part = await place.partSize(big.name);
      isTrue(part > 0, "there is a part");
      const again = place.receive(sender.code);
      const began = Date.now();
      await again.event("connected", { ms: 15_000 });
      isTrue(Date.now() - began < 8000, `it was soon connected again (${Date.now() - began} ms)`);
      await bothWell(sender, again);
      wentOn(again, part);
      equal(await hashOf(place.path("in", big.name)), big.hash, "the hash");
      equal((await place.list()).join(), big.name, "what is there");
    },
  },
  {
    name: "after a sender that was killed, another goes on from the part with its own code",
    async run(place) {
      await place.serve();
      const big = await place.big(SIZE);
      const sender = await place.send([big.path]);
      const receiver = place.receive(sender.code);
      await receiver.underway(20e6);
      sender.kill("SIGKILL");
      equal(await receiver.exit(20_000), 4, "the receiver's exit");
      equal(receiver.last("error").code, "peer-gone", "its error");
      const part = await place.partSize(big.name);
      isTrue(part > 0, "there is a part");
      const other = await place.send([big.path]);
      const again = place.receive(other.code);
      await bothWell(other, again);
      wentOn(again, part);
      equal(await hashOf(place.path("in", big.name)), big.hash, "the hash");
    },
  },
  {
    name: "a part of another file with the same name and size is begun again",
    async run(place) {
      const { mkdir, writeFile } = await import("node:fs/promises");
      await place.serve();
      const big = await place.big(24);
      await mkdir(place.path("in"));
      await writeFile(place.path("in", `${big.name}.yodel-part`), Buffer.alloc(5e6, 7));
      const sender = await place.send([big.path]);
      const receiver = place.receive(sender.code);
      await bothWell(sender, receiver);
      equal(await hashOf(place.path("in", big.name)), big.hash, "the hash");
    },
  },
  {
    name: "a server that is killed in the middle is not missed",
    async run(place) {
      const server = await place.serve();
      const big = await place.big(SIZE);
      const sender = await place.send([big.path]);
      const receiver = place.receive(sender.code);
      await receiver.underway();
      server.kill("SIGKILL");
      await bothWell(sender, receiver);
      equal(await hashOf(place.path("in", big.name)), big.hash, "the hash");
      equal(sender.last("error"), undefined, "the sender's error");
    },
  },
  {
    name: "a server that dies before anybody came is said by the sender",
    async run(place) {
      const server = await place.serve();
      const big = await place.big(24);
      const sender = await place.send([big.path]);
      server.kill("SIGKILL");
      equal(await sender.exit(10_000), 4, "the exit");
      equal(sender.last("error").code, "server-gone", "the error");
    },
  },
  anInterrupt("sender", "SIGINT"),
  anInterrupt("receiver", "SIGINT"),
  anInterrupt("sender", "SIGTERM"),
  anInterrupt("receiver", "SIGTERM"),
  {
    name: "a sender that is interrupted before anybody came ends at once, and its code with it",
    async run(place) {
      await place.serve();
      const big = await place.big(24);
      const sender = await place.send([big.path]);
      sender.kill("SIGINT");
      equal(await sender.exit(2000), 130, "the exit");
      const receiver = place.receive(sender.code);
      equal(await receiver.exit(5000), 5, "the receiver's exit");
    },
  },
  {
    name: "a receiver that stops for some seconds and comes back gets the rest",
    async run(place) {
      await place.serve();
      const big = await place.big(SIZE);
      const sender = await place.send([big.path]);
      const receiver = place.receive(sender.code);
      await receiver.underway();
      receiver.kill("SIGSTOP");
      await pause(7000);
      receiver.kill("SIGCONT");
      await bothWell(sender, receiver);
      equal(await hashOf(place.path("in", big.name)), big.hash, "the hash");
    },
  },
  {
    name: "nothing is received that was not asked for: no terminal and no --yes is an error on both sides",
    async run(place) {
      await place.serve();
      const big = await place.big(24);
      const sender = await place.send([big.path]);
      const receiver = place.receive(sender.code, { options: [] });
      equal(await receiver.exit(), 3, "the receiver's exit");
      equal(receiver.events.filter((one) => one.event === "error").length, 1, "errors");
      equal(receiver.last("error").code, "no-terminal", "its error");
      matches(receiver.last("error").text, /--yes/, "its sentence");
      equal(await sender.exit(), 3, "the sender's exit");
      equal(sender.last("error").code, "declined", "its error");
      isTrue(!existsSync(place.path("in", big.name)), "no file");
    },
  },
];
