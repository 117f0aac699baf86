// Every kind with every kind, in both roles: a file goes whole, along the path that theory says, and soon.

import { isTrue } from "../../e2e/transfer/check.mjs";
import { theory } from "../lab/kinds.mjs";
import { CONNECT_MS, sendFile } from "../lab/programs.mjs";

export const results = new Map(); // "from to": {path, ms}.

function pairOf(from, to) {
  const want = theory(from.kind, to.kind);
  return {
    name: `${from.kind} to ${to.kind}: ${want}`,
    async run(stage) {
      const { ms, paths } = await sendFile(stage, from, to);
      results.set(`${from.kind} ${to.kind}`, { path: paths[0], ms });
      isTrue(paths.every((path) => path === want), `the paths are ${paths}, not ${want}`);
      isTrue(ms < CONNECT_MS, `connected after ${ms} ms`);
    },
  };
}

export function matrix(internet) {
  const [west, east] = ["west", "east"].map((half) => internet.sites.filter((site) => site.half === half));
  return west.flatMap((from) => east.map((to) => pairOf(from, to)));
}

// A row for each sender, a column for each receiver: "d 210" is direct after 210 ms, "r" is by relay.
export function table(internet) {
  const names = [...new Set(internet.sites.map((site) => site.kind))];
  const cell = (text) => String(text).padStart(11);
  const rows = names.map((from) =>
    [from, ...names.map((to) => {
      const found = results.get(`${from} ${to}`);
      return found ? `${found.path[0]} ${found.ms}` : "-";
    })].map(cell).join(""),
  );
  return [["from \\ to", ...names].map(cell).join(""), ...rows].join("\n");
}
