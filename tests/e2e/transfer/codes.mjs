// Codes: wrong, unknown, used, mistyped, as a link and as words.

import { writeFile } from "node:fs/promises";
import { equal, isTrue, matches } from "./check.mjs";
import { bothWell } from "./files.mjs";

// The same number with other words.
export function spoil(code) {
  const [number, first, second] = code.split("-");
  return `${number}-${first === "amber" ? "falcon" : "amber"}-${second === "amber" ? "falcon" : "amber"}`;
}

export const codes = [
  {
    name: "a wrong code ends the receiver, kills the code, and the sender shows another that works",
    async run(place) {
      await place.serve();
      await writeFile(place.path("f"), "x");
      const sender = await place.send(["f"]);
      const wrong = place.receive(spoil(sender.code));
      equal(await wrong.exit(15_000), 5, "the exit with a wrong code");
      equal(wrong.last("error").code, "wrong-code", "its error");
      matches(wrong.last("error").text, /code/, "its sentence");
      const again = await sender.event("code", { nth: 1, ms: 10_000 });
      isTrue(again.code !== sender.code, "another code");
      const late = place.receive(sender.code);
      equal(await late.exit(15_000), 5, "the exit with the dead code");
      matches(late.last("error").code, /unknown-code|used-code/, "its error");
      await bothWell(sender, place.receive(again.code));
    },
  },
  {
    name: "an unknown code is said at once",
    async run(place) {
      await place.serve();
      const receiver = place.receive("4711-amber-falcon");
      equal(await receiver.exit(5000), 5, "the exit");
      equal(receiver.last("error").code, "unknown-code", "the error");
      equal(receiver.events.length, 1, "events");
    },
  },
  {
    name: "a code is for one: who comes second is told, the first goes on",
    async run(place) {
      await place.serve();
      const big = await place.big(100);
      const sender = await place.send([big.path]);
      const first = place.receive(sender.code);
      await first.underway();
      const second = place.receive(sender.code, { into: place.path("in2") });
      equal(await second.exit(15_000), 5, "the second's exit");
      matches(second.last("error").code, /used-code|unknown-code/, "its error");
      await bothWell(sender, first);
    },
  },
  {
    name: "a code that has done its work is dead",
    async run(place) {
      await place.serve();
      await writeFile(place.path("f"), "x");
      const sender = await place.send(["f"]);
      await bothWell(sender, place.receive(sender.code));
      const late = place.receive(sender.code);
      equal(await late.exit(5000), 5, "the exit");
    },
  },
  {
    name: "a mistyped word is suggested, before anything is asked of a server",
    async run(place) {
      const receiver = place.receive("7-ambr-falcon", { url: "http://127.0.0.1:9" });
      equal(await receiver.exit(5000), 2, "the exit");
      matches(receiver.last("error").text, /"ambr".*"amber"/, "the suggestion");
      for (const bad of ["", "7", "7-amber", "amber-falcon", "0-amber-falcon", "7-amber-falcon-falcon", "\x1b[2J"]) {
        const one = place.receive(bad, { url: "http://127.0.0.1:9" });
        equal(await one.exit(5000), 2, `the exit for ${JSON.stringify(bad)}`);
        matches(one.last("error").text, /7-amber-falcon|not one of the words/, "the hint");
      }
    },
  },
  {
    name: "a code may come as a link, in capitals, or as three words",
    async run(place) {
      await place.serve();
      await writeFile(place.path("f"), "x");
      for (const form of [(s) => [s.link], (s) => [s.code.toUpperCase()], (s) => s.code.split("-")]) {
        const sender = await place.send(["f"]);
        const receiver = place.start(["receive", "--json", "--yes", "--output", "in", ...form(sender)], {
          env: { YODEL_SERVER: place.url },
        });
        await bothWell(sender, receiver);
      }
      equal((await place.list()).length, 3, "files");
    },
  },
];
