// What we show and say: a microphone, a camera, a screen in the camera's place. Whatever is not there, or not allowed, leaves the
// rest as it is, and a sentence.
//
// A camera that is off is let go, so that its light goes out; a microphone that is muted is kept, so that it is back at once.

import { Problem, type ProblemCode } from "../problem.ts";
import { KINDS, type Kind } from "./connection.ts";
import type { MediaState } from "./messages.ts";

const CAMERA: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30 },
};

const problems: Record<Kind, Record<"none" | "denied" | "busy", ProblemCode>> = {
  audio: { none: "no-microphone", denied: "microphone-denied", busy: "microphone-busy" },
  video: { none: "no-camera", denied: "camera-denied", busy: "camera-busy" },
};

// Of what getUserMedia threw (W3C mediacapture-streams §10.3.6).
export function mediaProblem(kind: Kind, name: string): Problem {
  if (name === "NotAllowedError" || name === "SecurityError") return new Problem(problems[kind].denied);
  const isNone = name === "NotFoundError" || name === "OverconstrainedError" || name === "TypeError";
  return new Problem(problems[kind][isNone ? "none" : "busy"]);
}

function nameOf(thrown: unknown): string {
  return String((thrown as { name?: unknown } | null)?.name ?? "");
}

// "denied" where the browser would not even ask; undefined where it does not tell.
async function permission(kind: Kind): Promise<PermissionState | undefined> {
  try {
    const name = (kind === "audio" ? "microphone" : "camera") as PermissionName;
    return (await navigator.permissions.query({ name })).state;
  } catch {
    return undefined;
  }
}

// Whether the devices may be used without a question.
export async function isAllowed(): Promise<boolean> {
  const states = await Promise.all(KINDS.map(permission));
  return states.every((state) => state === "granted");
}

export class Media {
  readonly #changed: () => void;
  readonly #tracks = new Map<Kind, MediaStreamTrack>();
  readonly #chosen = new Map<Kind, string>(); // Device ids.
  readonly problems = new Map<Kind, Problem>();
  devices: MediaDeviceInfo[] = [];
  #screen: MediaStreamTrack | undefined;
  #over = false;
  isOpen = false; // The devices were asked for.
  isMuted = false;
  isCameraOff = false;

  constructor(changed: () => void) {
    this.#changed = changed;
    navigator.mediaDevices?.addEventListener("devicechange", this.#onDevices);
  }

  get camera(): MediaStreamTrack | undefined {
    return this.#tracks.get("video");
  }

  get microphone(): MediaStreamTrack | undefined {
    return this.#tracks.get("audio");
  }

  get screen(): MediaStreamTrack | undefined {
    return this.#screen;
  }

  get outgoing(): Record<Kind, MediaStreamTrack | null> {
    return { audio: this.microphone ?? null, video: this.#screen ?? this.camera ?? null };
  }

  get state(): MediaState {
    const audio = !this.microphone ? "none" : this.isMuted ? "muted" : "on";
    const video = this.#screen ? "screen" : this.camera ? "camera" : this.isCameraOff ? "off" : "none";
    return { audio, video };
  }

  // Asks for what there is, in one question. Nothing is thrown.
  async open(): Promise<void> {
    if (!navigator.mediaDevices) {
      this.isOpen = true;
      for (const kind of KINDS) this.problems.set(kind, new Problem("no-tls"));
      return this.#changed();
    }
    await this.#list();
    const wanted = this.isCameraOff ? KINDS.filter((kind) => kind === "audio") : KINDS;
    const present = wanted.filter((kind) => this.#has(kind));
    for (const kind of wanted) {
      if (!present.includes(kind)) this.problems.set(kind, mediaProblem(kind, "NotFoundError"));
    }
    await this.#openAll(present);
    this.isOpen = true;
    await this.#list(); // With names, now that we may see them.
    this.#changed();
  }

  async choose(kind: Kind, deviceId: string): Promise<void> {
    this.#chosen.set(kind, deviceId);
    if (kind === "video" && this.isCameraOff) return;
    // Some cameras are given once only: the old one goes first.
    this.#release(kind);
    await this.#openAll([kind]);
    this.#changed();
  }

  chosen(kind: Kind): string | undefined {
    return this.#tracks.get(kind)?.getSettings().deviceId ?? this.#chosen.get(kind);
  }

  setMuted(isMuted: boolean): void {
    this.isMuted = isMuted;
    if (this.microphone) this.microphone.enabled = !isMuted;
    this.#changed();
  }

  async setCameraOff(isOff: boolean): Promise<void> {
    this.isCameraOff = isOff;
    if (isOff) this.#release("video");
    else await this.#openAll(["video"]);
    this.#changed();
  }

  // Throws a Problem where there is none to be had; who thinks better of it gets `cancelled`.
  async share(): Promise<void> {
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getDisplayMedia({ video: true, audio: false });
    } catch (thrown) {
      throw new Problem(nameOf(thrown) === "NotAllowedError" ? "cancelled" : "no-screen");
    }
    const track = stream.getVideoTracks()[0];
    if (!track || this.#over) return stop(track);
    stop(this.#screen);
    track.contentHint = "detail"; // Letters rather than movement.
    track.onended = () => this.stopSharing(); // By the browser's own bar.
    this.#screen = track;
    this.#changed();
  }

  stopSharing(): void {
    stop(this.#screen);
    this.#screen = undefined;
    this.#changed();
  }

  close(): void {
    this.#over = true;
    navigator.mediaDevices?.removeEventListener("devicechange", this.#onDevices);
    for (const kind of KINDS) this.#release(kind);
    stop(this.#screen);
  }

  readonly #onDevices = async () => {
    await this.#list();
    if (!this.#over) this.#changed();
  };

  #has(kind: Kind): boolean {
    return this.devices.some((device) => device.kind === `${kind}input`);
  }

  async #list(): Promise<void> {
    try {
      this.devices = await navigator.mediaDevices.enumerateDevices();
    } catch {
      this.devices = [];
    }
  }

  #release(kind: Kind): void {
    stop(this.#tracks.get(kind));
    this.#tracks.delete(kind);
  }

  async #openAll(kinds: Kind[]): Promise<void> {
    if (kinds.length === 0) return;
    try {
      this.#take(await navigator.mediaDevices.getUserMedia(this.#constraints(kinds)));
    } catch (thrown) {
      const name = nameOf(thrown);
      const again = kinds.length > 1 ? await apart(kinds, name) : [];
      for (const kind of kinds) if (!again.includes(kind)) this.problems.set(kind, mediaProblem(kind, name));
      for (const kind of again) await this.#openAll([kind]);
    }
  }

  #constraints(kinds: Kind[]): MediaStreamConstraints {
    const constraints: MediaStreamConstraints = {};
    for (const kind of kinds) {
      const id = this.#chosen.get(kind);
      const base = kind === "video" ? CAMERA : {};
      constraints[kind] = id ? { ...base, deviceId: { exact: id } } : { ...base };
    }
    return constraints;
  }

  #take(stream: MediaStream): void {
    for (const track of stream.getTracks()) {
      if (this.#over) {
        stop(track);
        continue;
      }
      const kind = track.kind as Kind;
      this.#release(kind);
      this.problems.delete(kind);
      track.onended = () => void this.#lost(kind, track);
      if (kind === "audio") track.enabled = !this.isMuted;
      this.#tracks.set(kind, track);
    }
  }

  // Pulled out, or taken away by the system: another one may do.
  async #lost(kind: Kind, track: MediaStreamTrack): Promise<void> {
    if (this.#tracks.get(kind) !== track) return;
    this.#release(kind);
    this.#chosen.delete(kind);
    await this.#list();
    if (this.#has(kind)) await this.#openAll([kind]);
    else this.problems.set(kind, mediaProblem(kind, "NotFoundError"));
    this.#changed();
  }
}

function stop(track: MediaStreamTrack | undefined): void {
  if (!track) return;
  track.onended = null;
  track.stop();
}

// Which of two that were refused together are worth a try alone. A "no" is not asked again.
async function apart(kinds: Kind[], name: string): Promise<Kind[]> {
  if (name !== "NotAllowedError") return kinds;
  const states = await Promise.all(kinds.map(permission));
  if (!states.includes("denied")) return [];
  return kinds.filter((_, index) => states[index] !== "denied");
}
