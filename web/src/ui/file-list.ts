// A list of files, with what became of each.

import * as format from "../format.ts";
import type { Item } from "../transfer/messages.ts";
import { mendPath } from "../transfer/names.ts";
import { h, icon } from "./dom.ts";

const SHOWN_MAX = 200;

interface Row {
  element: HTMLLIElement;
  bar: HTMLProgressElement;
  state: HTMLElement;
  size: number | null;
}

export class FileList {
  readonly element: HTMLElement;
  readonly #rows = new Map<number, Row>();

  constructor(items: Item[]) {
    const list = h("ul", { class: "files", role: "list" });
    for (const [index, item] of items.slice(0, SHOWN_MAX).entries()) {
      const row = makeRow(item);
      this.#rows.set(index, row);
      list.append(row.element);
    }
    const hidden = items.length - SHOWN_MAX;
    if (hidden > 0) list.append(h("li", { class: "more" }, `and ${hidden} more`));
    this.element = list;
  }

  begin(index: number): void {
    const row = this.#rows.get(index);
    if (!row) return;
    row.bar.hidden = false;
    row.element.classList.add("busy");
  }

  progress(index: number, bytes: number): void {
    const row = this.#rows.get(index);
    if (!row) return;
    if (row.bar.hidden && !row.element.classList.contains("saved")) this.begin(index);
    if (row.size) row.bar.value = Math.min(bytes / row.size, 1);
  }

  saved(index: number): void {
    const row = this.#rows.get(index);
    if (!row) return;
    row.bar.hidden = true;
    row.element.classList.remove("busy");
    row.element.classList.add("saved");
    row.state.replaceChildren(icon("check"), h("span", { class: "unseen" }, "arrived"));
  }

  reset(): void {
    for (const row of this.#rows.values()) {
      row.bar.hidden = true;
      row.element.classList.remove("busy", "saved");
      row.state.replaceChildren();
    }
  }
}

function makeRow(item: Item): Row {
  const name = mendPath(item.path).join("/");
  const size = item.kind === "file" ? item.size : null;
  const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": `Progress of ${name}` });
  const state = h("span", { class: "state" });
  const element = h(
    "li",
    {},
    icon(item.kind),
    // Isolated, so that a name written right to left leaves its neighbours alone.
    h("bdi", { class: "name", title: name }, name),
    h("span", { class: "size" }, size === null ? "" : format.bytes(size)),
    state,
    bar,
  );
  return { element, bar, state, size };
}
