// A small chart of lines over time, in SVG.

import { h, svg } from "./dom.ts";

const WIDTH = 300;
const HEIGHT = 80;
const SPAN_MIN = 30; // Values, so that the first few are not stretched over everything.

export interface Line {
  name: string; // "Sent"
  values: (number | undefined)[]; // One a second, the newest last; undefined where nothing was measured.
}

// The least of 1, 2 and 5 times a power of ten that is not below.
export function niceTop(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= value * 0.999) ?? value;
}

// Runs of what was measured, each a path of its own: a gap is a gap.
export function linePath(values: (number | undefined)[], top: number, span: number): string {
  const x = (index: number) => (WIDTH * (span - values.length + index)) / Math.max(span - 1, 1);
  const y = (value: number) => HEIGHT - (HEIGHT * Math.min(value, top)) / top;
  let path = "";
  let isDown = false;
  for (const [index, value] of values.entries()) {
    if (value !== undefined) path += `${isDown ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
    isDown = value !== undefined;
  }
  return path;
}

export class Chart {
  readonly #title: string;
  readonly #format: (value: number) => string;
  readonly #least: number;
  readonly #top = h("span", { class: "chart-top" });
  readonly #legend = h("p", { class: "chart-legend" });
  readonly #drawing = svg("svg", { viewBox: `0 -2 ${WIDTH} ${HEIGHT + 4}`, preserveAspectRatio: "none", role: "img" });
  readonly element: HTMLElement;

  // `least` is the top where all values are smaller.
  constructor(title: string, format: (value: number) => string, least: number) {
    this.#title = title;
    this.#format = format;
    this.#least = least;
    this.element = h("figure", { class: "chart" }, h("figcaption", {}, title, this.#top), this.#drawing, this.#legend);
  }

  draw(lines: Line[]): void {
    const span = Math.max(SPAN_MIN, ...lines.map((line) => line.values.length));
    const top = niceTop(Math.max(this.#least, ...lines.flatMap((line) => line.values.map((value) => value ?? 0))));
    const last = lines.map(({ name, values }) => {
      const value = values.at(-1);
      return `${name}: ${value === undefined ? "–" : this.#format(value)}`;
    });
    this.#top.textContent = `to ${this.#format(top)}`;
    this.#drawing.setAttribute("aria-label", `${this.#title}. ${last.join(", ")}`);
    this.#drawing.replaceChildren(
      ...lines.map((line, index) => svg("path", { class: `line line-${index}`, d: linePath(line.values, top, span) })),
    );
    this.#legend.replaceChildren(...last.map((text, index) => h("span", { class: `key key-${index}` }, text)));
  }
}
