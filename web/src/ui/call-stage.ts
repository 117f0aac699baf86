// The stage: the other side large, oneself small, and words where there is no picture.
//
// Sound has an element of its own: browsers let pictures play at once, but sound only where somebody has pressed something.

import type { MediaState } from "../call/messages.ts";
import { announce, button, h, icon } from "./dom.ts";

function picture(what: string, label: string): HTMLVideoElement {
  const video = h("video", { class: what, autoplay: true, playsinline: true, muted: true, "aria-label": label });
  video.muted = true; // The attribute counts in markup only.
  return video;
}

export class Stage {
  readonly #theirs = picture("theirs", "The other side");
  readonly #own = picture("own", "You");
  readonly #words = h("p", { class: "stage-words" });
  readonly #muted = h("p", { class: "stage-muted", hidden: true }, icon("microphone"), "Muted");
  readonly #sound = h("audio", { autoplay: true });
  readonly #play = button("Let it be heard", () => void this.#hear(), { class: "primary stage-play" });
  readonly element = h(
    "section",
    { class: "stage preview", "aria-label": "Picture and sound", "data-state": "preview" },
    this.#theirs,
    this.#words,
    this.#own,
    this.#muted,
    this.#play,
    this.#sound,
  );
  #state: MediaState | undefined;

  constructor() {
    this.#play.hidden = true;
    this.#own.hidden = true;
    this.#words.textContent = "Your camera is not on.";
    // A picture that has a size is one that has come.
    this.#theirs.onresize = () => this.#tell();
  }

  // From now on the other side has the stage.
  begin(): void {
    this.element.classList.remove("preview");
    this.#tell();
  }

  showOwn(track: MediaStreamTrack | undefined, isScreen: boolean): void {
    this.#own.hidden = track === undefined;
    this.#own.classList.toggle("mirrored", !isScreen);
    const shown = (this.#own.srcObject as MediaStream | null)?.getTracks()[0];
    if (shown !== track) this.#own.srcObject = track ? new MediaStream([track]) : null;
    this.#tell();
  }

  // The first of its kind; there is room for no more.
  show(track: MediaStreamTrack): void {
    const element = track.kind === "video" ? this.#theirs : this.#sound;
    if (element.srcObject) return;
    element.srcObject = new MediaStream([track]);
    if (element === this.#sound) void this.#hear();
  }

  describe(state: MediaState): void {
    if (state.audio === "muted" && this.#state?.audio === "on") announce("The other side is muted.");
    if (state.video === "screen" && this.#state?.video !== "screen") announce("The other side shows a screen.");
    this.#state = state;
    this.#tell();
  }

  // Nobody is there.
  clear(): void {
    this.#state = undefined;
    this.#theirs.srcObject = null;
    this.#sound.srcObject = null;
    this.#play.hidden = true;
    this.#tell();
  }

  hearThrough(sink: string): void {
    void this.#sound.setSinkId?.(sink).catch(() => undefined);
  }

  async #hear(): Promise<void> {
    try {
      await this.#sound.play();
      this.#play.hidden = true;
    } catch (thrown) {
      // Another sound took its place, or the browser wants to see that a person is here.
      if ((thrown as Error).name === "NotAllowedError") this.#play.hidden = false;
    }
  }

  #tell(): void {
    const state = this.#state;
    const isOff = state?.video === "off" || state?.video === "none";
    const hasPicture = this.#theirs.srcObject !== null && this.#theirs.videoWidth > 0 && !isOff;
    const isPreview = this.element.classList.contains("preview");
    this.#theirs.hidden = !hasPicture;
    this.#words.hidden = isPreview ? !this.#own.hidden : hasPicture;
    this.#muted.hidden = state?.audio !== "muted" && state?.audio !== "none";
    this.#muted.lastChild!.textContent = state?.audio === "none" ? "No microphone" : "Muted";
    this.element.dataset["remoteVideo"] = state?.video ?? "";
    this.element.dataset["remoteAudio"] = state?.audio ?? "";
    if (isPreview) return;
    if (state?.video === "off") this.#words.textContent = "The other side's camera is off.";
    else if (state?.video === "none") this.#words.textContent = "The other side has no camera.";
    else this.#words.textContent = state ? "The picture is coming…" : "Nobody is here but you.";
  }
}
