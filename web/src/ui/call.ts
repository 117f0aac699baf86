// A call's page: the link and a look at oneself first, then the call.

import type { CallConnection } from "../call/connection.ts";
import { isAllowed, Media } from "../call/media.ts";
import { recall, remember, type Memory } from "../call/memory.ts";
import type { MediaState } from "../call/messages.ts";
import { CallFlow, type CallState, type CallView } from "../flows/call.ts";
import { findPath } from "../path.ts";
import { Problem, toProblem } from "../problem.ts";
import { setBusy } from "./busy.ts";
import { Chat } from "./call-chat.ts";
import { DevicePicker } from "./call-devices.ts";
import { Stage } from "./call-stage.ts";
import { StatisticsPanel } from "./call-statistics.ts";
import { copyButton, shareButton } from "./copy.ts";
import { announce, button, focusHeading, h } from "./dom.ts";
import { pathText } from "./meter.ts";
import { notice } from "./notice.ts";
import { qr } from "./qr.ts";

const PATH_EVERY_MS = 3000;

const words: Record<CallState, string> = {
  joining: "Looking who is there…",
  alone: "Nobody else is here yet. Send the link to whom you want to talk to.",
  connecting: "The other side is here. Connecting…",
  connected: "Connected.",
  reconnecting: "The connection is shaky. Reconnecting…",
  away: "The other side is gone for the moment. When it is back, the call goes on.",
  left: "The other side has left. You may wait for it here.",
};

export interface CallActions {
  leave(): void;
  again(): void; // The same room once more.
}

function linkPanel(link: string): HTMLElement {
  return h(
    "div",
    { class: "code-panel" },
    h(
      "div",
      { class: "code-words" },
      h("p", { class: "lead" }, "Send this link to whom you want to talk to"),
      h("p", {}, h("a", { class: "link", id: "the-link", href: link, target: "_blank", rel: "noopener" }, link)),
      h("div", { class: "row" }, copyButton("Copy link", () => link), shareButton(() => link, "A call")),
    ),
    qr(link, "QR code of the link to this call"),
  );
}

export class CallPage implements CallView {
  readonly #room: string;
  readonly #actions: CallActions;
  readonly #memory: Memory;
  readonly #media = new Media(() => this.#onMedia());
  readonly #stage = new Stage();
  readonly #devices: DevicePicker;
  readonly #chat = new Chat((text) => this.#flow?.chat(text) ?? false);
  readonly #statistics = new StatisticsPanel();
  readonly #title = h("h1", {}, "A call");
  readonly #status = h("p", { class: "status", role: "status", id: "call-status" });
  readonly #serverNotice = h("div", {});
  readonly #notices = h("div", {});
  readonly #share: HTMLElement;
  readonly #bar = h("div", { class: "row call-bar", role: "group", "aria-label": "The call" });
  readonly #panels = h("div", { class: "call-panels" });
  #flow: CallFlow | undefined;
  #connection: CallConnection | undefined;
  #state: CallState = "joining";
  #pathTimer: ReturnType<typeof setInterval> | undefined;
  #isOpening = false;
  #over = false;

  // Who opened somebody's link need not be told to send it.
  constructor(room: string, isInvited: boolean, actions: CallActions) {
    this.#room = room;
    this.#actions = actions;
    this.#memory = recall(room);
    this.#media.isMuted = this.#memory.isMuted;
    this.#media.isCameraOff = this.#memory.isCameraOff;
    this.#devices = new DevicePicker(this.#media, (sink) => this.#stage.hearThrough(sink));
    this.#share = linkPanel(new URL(`#call=${room}`, document.baseURI).href);
    this.#share.hidden = isInvited;
  }

  elements(): Node[] {
    return [
      this.#title,
      this.#status,
      this.#share,
      this.#notices,
      this.#serverNotice,
      this.#stage.element,
      this.#panels,
      this.#bar,
    ];
  }

  start(): void {
    if (this.#memory.isIn) void this.#return();
    else void this.#preview();
  }

  // A page that goes may come back: then it is in the call at once.
  leave(): void {
    this.#flow?.stop();
  }

  stop(): void {
    if (this.#over) return;
    this.#memory.isIn = false;
    remember(this.#memory);
    this.#flow?.leave();
    this.#end();
  }

  // ---- before

  async #preview(): Promise<void> {
    this.#status.textContent = "First have a look at yourself. Nobody sees or hears you before you join.";
    this.#setBar(
      button("Use camera and microphone", () => void this.#open(), { class: "primary", icon: "camera", id: "open" }),
      button("Join, to watch and listen only", () => void this.#join(), { id: "join" }),
      button("Back", () => this.#leave()),
    );
    if (await isAllowed()) await this.#open();
  }

  async #open(): Promise<void> {
    if (this.#isOpening) return; // By ourselves, as we may, or by a second press.
    this.#isOpening = true;
    this.#status.textContent = "The browser asks whether this page may use them.";
    await this.#media.open();
    if (this.#over || this.#flow) return;
    this.#memory.hasDevices = true;
    const seen = this.#media.camera ? "This is what the other side will see." : "The other side will not see you.";
    this.#status.textContent = `${seen} Nobody sees or hears you before you join.`;
    this.#panels.replaceChildren(this.#devices.element);
    this.#setBar(
      button("Join the call", () => void this.#join(), { class: "primary", id: "join" }),
      button("Back", () => this.#leave()),
    );
  }

  async #return(): Promise<void> {
    this.#status.textContent = "Back into the call…";
    if (this.#memory.hasDevices) await this.#media.open();
    if (!this.#over) await this.#join();
  }

  // ---- the call

  async #join(): Promise<void> {
    this.#memory.isIn = true;
    remember(this.#memory);
    setBusy(true, false);
    document.body.classList.add("in-call");
    this.#title.classList.add("unseen");
    this.#stage.begin();
    this.#showBar();
    this.#flow = new CallFlow(this.#room, this.#memory.member, this.#media, this);
    this.#flow.start();
    this.#pathTimer = setInterval(() => void this.#showPath(), PATH_EVERY_MS);
    focusHeading(document.querySelector("main")!);
  }

  state(state: CallState): void {
    const isNew = state !== this.#state;
    this.#state = state;
    this.#stage.element.dataset["state"] = state;
    this.#share.hidden = state !== "alone";
    if (state === "connected") void this.#showPath();
    if (!isNew && state === "connected") return;
    this.#status.textContent = words[state];
    if (isNew) announce(words[state]);
    this.#chat.enable(state === "connected");
  }

  server(isUp: boolean): void {
    const isCall = this.#state === "connected" || this.#state === "reconnecting";
    const problem = new Problem(isCall ? "server-away" : "no-server");
    this.#serverNotice.replaceChildren(...(isUp ? [] : [notice(problem, true)]));
  }

  connection(connection: CallConnection | undefined): void {
    this.#connection = connection;
    this.#statistics.follow(connection?.peer);
    this.#stage.clear();
  }

  track(track: MediaStreamTrack): void {
    this.#stage.show(track);
  }

  remote(state: MediaState): void {
    this.#stage.describe(state);
  }

  chat(text: string): void {
    this.#chat.add("them", text);
    this.#nameChatButton();
  }

  failed(problem: Problem): void {
    this.#end();
    this.#memory.isIn = false;
    remember(this.#memory);
    this.#title.classList.remove("unseen");
    this.#title.textContent = "No call";
    this.#status.textContent = "";
    this.#stage.element.hidden = true;
    this.#share.hidden = true;
    this.#panels.replaceChildren();
    this.#serverNotice.replaceChildren();
    this.#notices.replaceChildren(notice(problem));
    this.#setBar(
      button("Try again", () => this.#actions.again(), { class: "primary" }),
      button("Back", () => this.#actions.leave()),
    );
    focusHeading(this.#title.parentElement ?? document);
  }

  // ---- what is pressed

  // Their labels follow what they would do.
  readonly #muteButton = button("", () => this.#media.setMuted(!this.#media.isMuted), { icon: "microphone", id: "mute" });
  readonly #cameraButton = button("", () => void this.#toggleCamera(), { icon: "camera", id: "camera" });
  readonly #screenButton = button("", () => void this.#toggleScreen(), { icon: "screen", id: "screen" });
  readonly #chatButton = button("Chat", () => this.#toggle(this.#chat.element, this.#chatButton), { icon: "chat", id: "chat" });

  #showBar(): void {
    const statistics = button("Statistics", () => this.#toggle(this.#statistics.element, statistics), { icon: "chart", id: "statistics" });
    const devices = button("Devices", () => this.#toggle(this.#devices.element, devices), { icon: "devices", id: "devices" });
    const toggles: [HTMLButtonElement, HTMLElement][] = [
      [this.#chatButton, this.#chat.element],
      [statistics, this.#statistics.element],
      [devices, this.#devices.element],
    ];
    for (const [toggle, panel] of toggles) {
      panel.hidden = true;
      toggle.setAttribute("aria-expanded", "false");
    }
    this.#bar.after(this.#panels); // The buttons come first now, and what they open below.
    this.#panels.replaceChildren(...toggles.map(([, panel]) => panel));
    this.#setBar(
      this.#muteButton,
      this.#cameraButton,
      "getDisplayMedia" in (navigator.mediaDevices ?? {}) && this.#screenButton,
      ...toggles.map(([toggle]) => toggle),
      button("Leave", () => this.#leave(), { class: "leave", icon: "leave", id: "leave" }),
    );
    this.#nameButtons();
  }

  #toggle(panel: HTMLElement, by: HTMLButtonElement): void {
    panel.hidden = !panel.hidden;
    by.setAttribute("aria-expanded", String(!panel.hidden));
    if (panel === this.#chat.element && !panel.hidden) this.#chat.read();
    this.#nameChatButton();
  }

  #nameButtons(): void {
    const { microphone, camera, screen, isMuted } = this.#media;
    rename(this.#muteButton, isMuted ? "Unmute" : "Mute", microphone !== undefined);
    const other = this.#media.isOpen ? "Camera on" : "Use camera and microphone";
    rename(this.#cameraButton, camera ? "Camera off" : other, !!navigator.mediaDevices);
    rename(this.#screenButton, screen ? "Stop sharing" : "Share screen", true);
  }

  #nameChatButton(): void {
    const { unread } = this.#chat;
    rename(this.#chatButton, unread > 0 ? `Chat (${unread} new)` : "Chat", true);
  }

  async #toggleCamera(): Promise<void> {
    if (!this.#media.isOpen) return this.#media.open();
    await this.#media.setCameraOff(this.#media.camera !== undefined);
  }

  async #toggleScreen(): Promise<void> {
    if (this.#media.screen) return this.#media.stopSharing();
    try {
      await this.#media.share();
    } catch (thrown) {
      const problem = toProblem(thrown, "no-screen");
      if (problem.code !== "cancelled") this.#notices.append(notice(problem, true));
    }
  }

  #onMedia(): void {
    if (this.#over) return;
    this.#stage.showOwn(this.#media.screen ?? this.#media.camera, this.#media.screen !== undefined);
    this.#devices.update();
    const problems = [...new Map([...this.#media.problems.values()].map((one) => [one.code, one])).values()];
    this.#notices.replaceChildren(...problems.map((problem) => notice(problem, true)));
    this.#nameButtons();
    this.#memory.isMuted = this.#media.isMuted;
    this.#memory.isCameraOff = this.#media.isCameraOff;
    if (this.#memory.isIn) remember(this.#memory);
    this.#flow?.update();
  }

  async #showPath(): Promise<void> {
    const peer = this.#connection?.peer;
    const path = peer && (await findPath(peer).catch(() => undefined));
    if (path && this.#state === "connected") {
      const text = `Connected. ${pathText(path)}.`;
      if (this.#status.textContent !== text) this.#status.textContent = text;
    }
  }

  #leave(): void {
    this.stop();
    this.#actions.leave();
  }

  #end(): void {
    this.#over = true;
    clearInterval(this.#pathTimer);
    setBusy(false);
    document.body.classList.remove("in-call");
    this.#statistics.follow(undefined);
    this.#devices.stop();
    this.#stage.clear();
    this.#media.close();
  }

  #setBar(...buttons: (HTMLButtonElement | false)[]): void {
    this.#bar.replaceChildren(...buttons.filter((one) => one !== false));
  }
}

function rename(one: HTMLButtonElement, label: string, isEnabled: boolean): void {
  const text = one.lastChild;
  if (text instanceof Text) text.data = label;
  else one.append(label);
  one.disabled = !isEnabled;
}
