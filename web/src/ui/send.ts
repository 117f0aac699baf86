// The sender's page: the code in every form one may want to hand it on, then the progress.

import * as codes from "../code.ts";
import { SendFlow, type SendView } from "../flows/send.ts";
import type { Identity } from "../flows/link.ts";
import * as format from "../format.ts";
import { Problem } from "../problem.ts";
import { totalOf, type Source } from "../transfer/sender.ts";
import { setBusy } from "./busy.ts";
import { copyButton, shareButton } from "./copy.ts";
import { announce, button, focusHeading, h, icon } from "./dom.ts";
import { FileList } from "./file-list.ts";
import { Meter } from "./meter.ts";
import { notice } from "./notice.ts";
import { qr } from "./qr.ts";

const steps = {
  checking: "Somebody is here. Checking the words…",
  connecting: "The words are right. Connecting…",
  asking: "Connected. Waiting for a yes from the other side…",
};

const STEADY = "Keep this page open.";
const UNSTEADY = "The connection is shaky. Holding on…";

function serverUrl(): string {
  return new URL(".", document.baseURI).href;
}

function linkOf(code: codes.Code): string {
  return `${serverUrl()}#${codes.format(code)}`;
}

// Each way to hand a code on.
function codePanel(code: codes.Code): HTMLElement {
  const link = linkOf(code);
  const text = codes.format(code);
  const server = serverUrl().replace(/\/$/, "");
  const command = `yodel receive --server ${server} ${text}`;
  return h(
    "div",
    { class: "code-panel" },
    h(
      "div",
      { class: "code-words" },
      h("p", { class: "lead", id: "code-label" }, "Tell the other side this code"),
      h("p", { class: "code", "aria-labelledby": "code-label", id: "the-code" }, text),
      h(
        "div",
        { class: "row" },
        copyButton("Copy code", () => text),
        copyButton("Copy link", () => link),
        shareButton(() => link),
      ),
      h("p", { class: "hint" }, "Or open this link, or scan it:"),
      h("p", {}, h("a", { class: "link", id: "the-link", href: link, target: "_blank", rel: "noopener" }, link)),
      h(
        "details",
        {},
        h("summary", {}, "In a terminal"),
        h("p", { class: "command" }, h("code", {}, command)),
        copyButton("Copy command", () => command),
      ),
    ),
    qr(link, `QR code of the link for the code ${text}`),
  );
}

export class SendPage implements SendView {
  readonly #sources: Source[];
  readonly #identity: Identity;
  #flow: SendFlow;
  readonly #goBack: () => void;
  readonly #title = h("h1", {}, "Ready to send");
  readonly #status = h("p", { class: "status", role: "status" }, "Asking for a code…");
  readonly #panel = h("div", { class: "panel" });
  readonly #notices = h("div", {});
  readonly #actions = h("div", { class: "row actions" });
  readonly #list: FileList;
  readonly #total: number | null;
  #meter: Meter | undefined;

  constructor(sources: Source[], identity: Identity, goBack: () => void) {
    this.#sources = sources;
    this.#identity = identity;
    this.#goBack = goBack;
    this.#list = new FileList(sources.map((source) => source.item));
    this.#total = totalOf(sources.map((source) => source.item));
    this.#flow = new SendFlow(sources, identity, this);
    this.#setActions(button("Cancel", () => this.#cancel()));
  }

  elements(): Node[] {
    const files = this.#sources.filter((source) => source.item.kind === "file").length;
    return [
      this.#title,
      this.#status,
      this.#notices,
      this.#panel,
      h(
        "section",
        { class: "card list", "aria-label": "What is sent" },
        h("h2", {}, format.summary(files, this.#total)),
        this.#list.element,
      ),
      this.#actions,
    ];
  }

  start(): void {
    this.#flow.start();
  }

  leave(): void {
    this.#flow.leave();
  }

  stop(): void {
    this.#flow.stop();
    this.#rest();
  }

  code(code: codes.Code): void {
    this.#panel.replaceChildren(codePanel(code));
  }

  waiting(problem?: Problem): void {
    this.#rest();
    this.#list.reset();
    this.#panel.hidden = false;
    this.#title.textContent = "Ready to send";
    this.#status.textContent = "Waiting for the other side. Keep this page open.";
    this.#notices.replaceChildren(...(problem ? [this.#waitingNotice(problem)] : []));
    this.#setActions(button("Cancel", () => this.#cancel()));
  }

  step(step: keyof typeof steps): void {
    this.#notices.replaceChildren();
    this.#status.textContent = steps[step];
  }

  started(peer: RTCPeerConnection): void {
    setBusy(true);
    this.#title.textContent = "Sending";
    this.#status.textContent = "The other side said yes.";
    this.#meter = new Meter(this.#total);
    this.#meter.follow(peer);
    this.#panel.hidden = true;
    this.#notices.replaceChildren(this.#meter.element);
    focusHeading(this.#title.parentElement ?? document);
  }

  unsteady(isUnsteady: boolean): void {
    if (this.#meter) {
      this.#status.textContent = isUnsteady ? UNSTEADY : STEADY;
    }
  }

  item(index: number): void {
    this.#list.begin(index);
    this.#status.textContent = STEADY;
  }

  progress(bytes: number, index: number, itemBytes: number): void {
    this.#meter?.progress(bytes);
    this.#list.progress(index, itemBytes);
  }

  saved(index: number): void {
    this.#list.saved(index);
  }

  done(): void {
    if (this.#total !== null) this.#meter?.progress(this.#total);
    this.#rest();
    this.#title.textContent = "All there";
    this.#title.prepend(icon("check"));
    const isOne = this.#sources.length === 1;
    this.#status.textContent = isOne ? "The file arrived, and was checked." : "Every file arrived, and each was checked.";
    announce("All files arrived.");
    this.#setActions(button("Send more", this.#goBack, { class: "primary" }));
    focusHeading(document.querySelector("main")!);
  }

  failed(problem: Problem): void {
    const isStop = problem.code === "fingerprint";
    this.#rest();
    this.#panel.hidden = true;
    this.#title.textContent = isStop ? "Stopped" : "Not sent";
    this.#status.textContent = "";
    this.#notices.replaceChildren(notice(problem));
    this.#setActions(
      !isStop && button("Try again", () => this.#again(), { class: "primary" }),
      button("Back", this.#goBack),
    );
    focusHeading(this.#title.parentElement ?? document);
  }

  offline(problem: Problem): void {
    this.#panel.hidden = true;
    this.#status.textContent = "Trying again…";
    this.#notices.replaceChildren(notice(problem, true));
  }

  #waitingNotice(problem: Problem): HTMLElement {
    if (problem.code !== "wrong-code") return notice(problem, true);
    return h(
      "div",
      { class: "notice soft", role: "status", "data-code": problem.code },
      icon("alert"),
      h(
        "p",
        {},
        h("strong", {}, "Somebody came with the wrong words."),
        " So that nobody can guess, the code above is a new one. Tell it to the other side.",
      ),
    );
  }

  // The same files once more, under a new code.
  #again(): void {
    this.#flow = new SendFlow(this.#sources, this.#identity, this);
    this.#status.textContent = "Asking for a code…";
    this.#notices.replaceChildren();
    this.#setActions(button("Cancel", () => this.#cancel()));
    this.#flow.start();
  }

  #cancel(): void {
    this.stop();
    this.#goBack();
  }

  #rest(): void {
    setBusy(false);
    this.#meter?.stop();
  }

  #setActions(...buttons: (HTMLButtonElement | false)[]): void {
    this.#actions.replaceChildren(...buttons.filter((one) => one !== false));
  }
}
