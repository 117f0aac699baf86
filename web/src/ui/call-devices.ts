// Which camera, microphone and loudspeaker, and how loud the microphone is.

import type { Kind } from "../call/connection.ts";
import { Level } from "../call/level.ts";
import type { Media } from "../call/media.ts";
import { h } from "./dom.ts";

const NONE = "none";
const names = { audioinput: "Microphone", videoinput: "Camera", audiooutput: "Loudspeaker" };
type Group = keyof typeof names;

function field(group: Group, onchange: (id: string) => void): { row: HTMLElement; select: HTMLSelectElement } {
  const select: HTMLSelectElement = h("select", { id: `pick-${group}`, onchange: () => onchange(select.value) });
  const row = h("div", { class: "device" }, h("label", { for: select.id }, names[group]), select);
  return { row, select };
}

export class DevicePicker {
  readonly #media: Media;
  readonly #meter = h("meter", { id: "level", min: 0, max: 1, low: 0.05, value: 0, "aria-label": "How loud you are" });
  readonly #level = new Level((level) => (this.#meter.value = level));
  readonly #microphone = field("audioinput", (id) => this.#choose("audio", id));
  readonly #camera = field("videoinput", (id) => this.#choose("video", id));
  readonly #loudspeaker: ReturnType<typeof field>;
  readonly element: HTMLElement;

  constructor(media: Media, hearThrough: (id: string) => void) {
    this.#media = media;
    this.#loudspeaker = field("audiooutput", hearThrough);
    this.#microphone.row.append(this.#meter);
    this.element = h(
      "section",
      { class: "card devices", "aria-label": "Devices" },
      this.#microphone.row,
      this.#camera.row,
      this.#loudspeaker.row,
    );
  }

  update(): void {
    this.#fill("audioinput", this.#microphone.select, this.#media.chosen("audio"));
    this.#fill("videoinput", this.#camera.select, this.#media.chosen("video"));
    const { row, select } = this.#loudspeaker;
    this.#fill("audiooutput", select, select.value);
    row.hidden = select.options.length < 2 || !("setSinkId" in HTMLMediaElement.prototype);
    this.#level.follow(this.#media.microphone);
  }

  stop(): void {
    this.#level.stop();
  }

  #choose(kind: Kind, id: string): void {
    if (id !== NONE) void this.#media.choose(kind, id);
  }

  #fill(group: Group, select: HTMLSelectElement, chosen: string | undefined): void {
    const devices = this.#media.devices.filter((device) => device.kind === group);
    const options = devices.map((device, index) =>
      h("option", { value: device.deviceId, selected: device.deviceId === chosen }, device.label || `${names[group]} ${index + 1}`),
    );
    const isChosen = devices.some((device) => device.deviceId === chosen);
    if (!isChosen && group !== "audiooutput") options.unshift(h("option", { value: NONE, selected: true }, "None"));
    select.replaceChildren(...options);
  }
}
