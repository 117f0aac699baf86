// What the connection is doing: charts of the last minutes, the values of now, and all of it as a file.

import { Statistics, type Sample } from "../call/statistics.ts";
import { fingerprintsOf } from "../fingerprint.ts";
import { findPath } from "../path.ts";
import { Chart } from "./chart.ts";
import { button, h } from "./dom.ts";
import { pathText } from "./meter.ts";

const EVERY_MS = 1000;
const SPAN = 120; // Samples in a chart.
const URL_KEPT_MS = 60_000;

const rate = (bits: number) => (bits < 999_500 ? `${Math.round(bits / 1000)} kbit/s` : `${(bits / 1e6).toFixed(2)} Mbit/s`);
const share = (part: number) => `${(part * 100).toFixed(1)} %`;
const time = (ms: number) => `${ms < 9.95 ? ms.toFixed(1) : Math.round(ms)} ms`;
const lines = (count: number) => `${Math.round(count)} lines`;
const frames = (count: number) => `${Math.round(count)} a second`;

interface Drawn {
  chart: Chart;
  lines: [name: string, value: (sample: Sample) => number | undefined][];
}

export class StatisticsPanel {
  readonly #statistics = new Statistics();
  readonly #charts: Drawn[] = [
    { chart: new Chart("Rate", rate, 100_000), lines: [["Sent", (one) => one.sendRate], ["Received", (one) => one.receiveRate]] },
    { chart: new Chart("Loss", share, 0.01), lines: [["Sent", (one) => one.sendLoss], ["Received", (one) => one.receiveLoss]] },
    { chart: new Chart("Delay", time, 10), lines: [["Round trip", (one) => one.roundTrip], ["Jitter", (one) => one.jitter]] },
    { chart: new Chart("Resolution", lines, 100), lines: [["Sent", (one) => one.sent.height], ["Received", (one) => one.received.height]] },
    { chart: new Chart("Pictures", frames, 10), lines: [["Sent", (one) => one.sent.rate], ["Received", (one) => one.received.rate]] },
  ];
  readonly #values = h("dl", { class: "values" });
  readonly element = h(
    "section",
    { class: "card statistics", "aria-label": "Statistics", hidden: true },
    h("div", { class: "charts" }, ...this.#charts.map(({ chart }) => chart.element)),
    this.#values,
    h(
      "p",
      { class: "hint" },
      "Whoever has the same two fingerprints, the other way round, has nobody in between: compare them aloud if you do not trust the server.",
    ),
    h("div", { class: "row" }, button("Save as JSON", () => this.#save(), { class: "quiet", id: "save-statistics" })),
  );
  #peer: RTCPeerConnection | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  follow(peer: RTCPeerConnection | undefined): void {
    this.#peer = peer;
    clearInterval(this.#timer);
    this.#statistics.restart();
    if (peer) this.#timer = setInterval(() => void this.#look(peer), EVERY_MS);
  }

  async #look(peer: RTCPeerConnection): Promise<void> {
    try {
      const [report, path] = [await peer.getStats(), await findPath(peer)];
      if (this.#peer !== peer) return;
      const sample = this.#statistics.add([...report.values()], Date.now(), path ? pathText(path) : "");
      if (!this.element.hidden) this.#draw(sample, peer);
    } catch {
      // It was closed meanwhile.
    }
  }

  #draw(now: Sample, peer: RTCPeerConnection): void {
    for (const { chart, lines } of this.#charts) {
      const samples = this.#statistics.samples.slice(-SPAN);
      chart.draw(lines.map(([name, value]) => ({ name, values: samples.map(value) })));
    }
    const rows: [string, string][] = [
      ["Path", now.path],
      ["Sent", describe(now.sent)],
      ["Received", describe(now.received)],
      ["Sound", [now.sent.audioCodec, now.received.audioCodec].filter((one) => one).join(" out, ") || "–"],
      ["Our fingerprint", fingerprintsOf(peer.localDescription?.sdp ?? "")?.[0] ?? "–"],
      ["Theirs", fingerprintsOf(peer.remoteDescription?.sdp ?? "")?.[0] ?? "–"],
    ];
    this.#values.replaceChildren(...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value || "–")]));
  }

  #save(): void {
    const facts = { version: VERSION, browser: navigator.userAgent, samples: this.#statistics.samples };
    const blob = new Blob([JSON.stringify(facts, null, 1)], { type: "application/json" });
    const href = URL.createObjectURL(blob);
    h("a", { href, download: "yodel-call.json" }).click();
    setTimeout(() => URL.revokeObjectURL(href), URL_KEPT_MS);
  }
}

function describe(picture: Sample["sent"]): string {
  if (!picture.width || !picture.height) return "no picture";
  const parts = [picture.codec, `${picture.width}×${picture.height}`];
  if (picture.rate !== undefined) parts.push(frames(picture.rate));
  if (picture.limit) parts.push(`limited by ${picture.limit}`);
  return parts.filter((part) => part).join(", ");
}
