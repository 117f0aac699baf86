// The overall progress: bar, numbers, speed, time left and the path in use.

import * as format from "../format.ts";
import { findPath, type Path } from "../path.ts";
import { Speed } from "../speed.ts";
import { announce, h, icon } from "./dom.ts";

const PATH_EVERY_MS = 3000;
const SHOW_EVERY_MS = 200;
const SAY_STEP = 25; // Per cent between what a screen reader is told.

const pathTexts: Record<Path["kind"], string> = {
  local: "Direct, in the local network",
  internet: "Direct, through the internet",
  direct: "Direct, from one to the other",
  relay: "Through a relay",
};

export function pathText(path: Path): string {
  return pathTexts[path.kind] + (path.isTcp ? ", over TCP" : "");
}

export class Meter {
  readonly #bar = h("progress", { max: 1, value: 0, class: "overall", "aria-label": "Progress" });
  readonly #numbers = h("p", { class: "numbers" });
  readonly #path = h("p", { class: "path", hidden: true });
  readonly element = h("div", { class: "meter" }, this.#bar, this.#numbers, this.#path);
  readonly #total: number | null;
  readonly #speed = new Speed();
  #shownAt = 0;
  #said = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(total: number | null) {
    this.#total = total;
    if (total === null) this.#bar.removeAttribute("value");
    this.#numbers.textContent = "Starting…";
  }

  follow(peer: RTCPeerConnection): void {
    const look = async () => this.#showPath(await findPath(peer).catch(() => undefined));
    void look();
    setTimeout(() => void look(), 500);
    this.#timer = setInterval(() => void look(), PATH_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    document.title = "Yodel";
  }

  progress(bytes: number): void {
    const now = performance.now();
    this.#speed.add(bytes, now);
    if (now - this.#shownAt < SHOW_EVERY_MS && bytes !== this.#total) return;
    this.#shownAt = now;
    const parts: string[] = [];
    if (this.#total) {
      const share = Math.min(bytes / this.#total, 1);
      const percent = Math.floor(share * 100);
      this.#bar.value = share;
      parts.push(`${percent} %`, `${format.bytes(bytes)} of ${format.bytes(this.#total)}`);
      document.title = `${percent} % – Yodel`;
      this.#say(percent);
    } else {
      parts.push(format.bytes(bytes));
    }
    const rate = this.#speed.perSecond(now);
    if (rate !== undefined && rate > 0) {
      parts.push(`${format.bytes(Math.round(rate))}/s`);
      const left = this.#total ? (this.#total - bytes) / rate : 0;
      if (left > 0.5) parts.push(`${format.duration(left)} left`);
    }
    this.#numbers.textContent = parts.map((part) => part.replaceAll(" ", "\u00a0")).join(" · ");
  }

  #say(percent: number): void {
    const step = Math.floor(percent / SAY_STEP) * SAY_STEP;
    if (step <= this.#said || step === 100) return;
    this.#said = step;
    announce(`${step} per cent`);
  }

  #showPath(path: Path | undefined): void {
    if (!path) return;
    const ends = [path.local, path.remote].filter((end) => end !== "").join(" to ");
    this.#path.hidden = false;
    this.#path.dataset["kind"] = path.kind;
    this.#path.replaceChildren(
      icon(path.kind),
      h("span", {}, pathText(path)),
      h("span", { class: "ends" }, ends),
    );
  }
}
