// Speed and time left, from how many bytes had come by when.

const WINDOW_MS = 4000;

export class Speed {
  #samples: { at: number; bytes: number }[] = [];

  add(bytes: number, at: number): void {
    this.#samples.push({ at, bytes });
    while (this.#samples.length > 2 && at - this.#samples[0]!.at > WINDOW_MS) {
      this.#samples.shift();
    }
  }

  // Bytes in a second, over the last few; undefined while there is too little to tell.
  perSecond(now: number): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || now - first.at < 300) return undefined;
    return ((last.bytes - first.bytes) / (now - first.at)) * 1000;
  }
}
