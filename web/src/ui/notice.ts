// A problem, said where it happened: what it is, then what to do.

import type { Problem } from "../problem.ts";
import { h, icon } from "./dom.ts";

export function notice(problem: Problem, isSoft = false): HTMLElement {
  return h(
    "div",
    { class: isSoft ? "notice soft" : "notice", role: isSoft ? "status" : "alert", "data-code": problem.code },
    icon("alert"),
    h(
      "p",
      {},
      h("strong", {}, problem.message),
      " ",
      problem.todo,
      ...(problem.code === "no-path" ? [" ", h("a", { href: "#doctor" }, "See what is in the way")] : []),
    ),
  );
}
