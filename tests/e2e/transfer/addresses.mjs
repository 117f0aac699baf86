// What the other side is told of a machine: its addresses or, with --hide-addresses, names in their place.

import { writeFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { equal, isTrue } from "./check.mjs";
import { bothWell } from "./files.mjs";
import { startMiddle } from "./middle.mjs";

const NAME = / [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.local \d+ typ host/;

// Loopback's are no secret.
const own = Object.values(networkInterfaces()).flatMap((all) =>
  all.filter(({ internal }) => !internal).map(({ address }) => address),
);

const tells = (line) => line.split(" ").some((word) => own.includes(word));

// A transfer in which `who` has the options. Returns the candidates that it told the other side.
async function toldBy(who, options, place) {
  const told = [];
  const url = await startMiddle(place, (data) => {
    told.push(...(JSON.stringify(data).match(/candidate:[^"\\]*/g) ?? []));
    return data;
  });
  const isSender = who === "sender";
  const sender = await place.send(["f"], isSender ? { url, options } : {});
  await bothWell(sender, place.receive(sender.code, isSender ? {} : { url, options: ["--yes", ...options] }));
  return told;
}

function hides(who) {
  return {
    name: `a ${who} that hides its addresses tells names, and is found`,
    async run(place) {
      await place.serve();
      await writeFile(place.path("f"), "x");
      isTrue((await toldBy(who, [], place)).some(tells), "addresses are told otherwise");
      const told = await toldBy(who, ["--hide-addresses"], place);
      equal(told.filter(tells).join("\n"), "", "the addresses told");
      isTrue(told.some((line) => NAME.test(line)), `told: ${told.join("\n")}`);
    },
  };
}

export const addresses = own.length > 0 ? [hides("sender"), hides("receiver")] : [];
if (own.length === 0) console.log("note: not run, as there is no network but loopback: hidden addresses");
