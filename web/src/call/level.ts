// How loud the microphone is, ten times a second.

const EVERY_MS = 100;
const FLOOR_DB = -60;

// From 0, silence, to 1, of samples between -1 and 1: in decibels, as ears have it.
export function levelOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const db = 10 * Math.log10(sum / Math.max(samples.length, 1));
  return Math.min(Math.max(1 - db / FLOOR_DB, 0), 1);
}

export class Level {
  readonly #show: (level: number) => void;
  #context: AudioContext | undefined;
  #track: MediaStreamTrack | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(show: (level: number) => void) {
    this.#show = show;
  }

  follow(track: MediaStreamTrack | undefined): void {
    if (track === this.#track) return;
    this.stop();
    this.#track = track;
    if (!track) return;
    this.#context = new AudioContext();
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 2048;
    this.#context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      this.#show(levelOf(samples));
    }, EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    void this.#context?.close().catch(() => undefined);
    this.#context = undefined;
    this.#track = undefined;
    this.#show(0);
  }
}
