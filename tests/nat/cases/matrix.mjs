// Every kind with every kind, in both roles: a file goes whole, along the path that theory says, and soon.

import { isTrue } from "../../e2e/transfer/check.mjs";
import { theory } from "../lab/kinds.mjs";
import { CONNECT_MS, sendFile } from "../lab/programs.mjs";

export const results = new Map(); // "from to": {path: "d", "r" or "rd", ms}.

function pairOf(from, to) {
  const want = theory(from.kind, to.kind);
  return {
    name: `${from.kind} to ${to.kind}: ${want}`,
    async run(stage) {
      const { ms, first, last } = await sendFile(stage, from, to, want);
      results.set(`${from.kind} ${to.kind}`, { path: `${first[0] === last[0] ? "" : first[0][0]}${last[0][0]}`, ms });
      isTrue(last.every((path) => path === want), `the paths are ${last}, not ${want}`);
      isTrue(ms < CONNECT_MS, `connected after ${ms} ms`);
    },
  };
}

export function matrix(internet) {
  const [west, east] = ["west", "east"].map((half) => internet.sites.filter((site) => site.half === half));
  return west.flatMap((from) => east.map((to) => pairOf(from, to)));
}

// A row for each sender, a column for each receiver: "d 210" is direct, connected after 210 ms; "r" is by relay, "rd" by relay
// at first, and then direct.
export function table(internet) {
  const names = [...new Set(internet.sites.map((site) => site.kind))];
  const cell = (text) => String(text).padStart(11);
  const rows = names.map((from) =>
    [from, ...names.map((to) => {
      const found = results.get(`${from} ${to}`);
      return found ? `${found.path} ${found.ms}` : "-";
    })].map(cell).join(""),
  );
  return [["from \\ to", ...names].map(cell).join(""), ...rows].join("\n");
}
