// The receiver's page: who is there, what they offer, where to put it, and the progress.

import * as codes from "../code.ts";
import { ReceiveFlow, type ReceiveView } from "../flows/receive.ts";
import type { Identity } from "../flows/link.ts";
import * as format from "../format.ts";
import { Problem, type ProblemCode } from "../problem.ts";
import type { Files } from "../storage/client.ts";
import {
  DownloadStore,
  FolderStore,
  SingleStore,
  hasPrivateFiles,
  roomLeft,
  zipDownloads,
  type Download,
} from "../storage/store.ts";
import { mendPath } from "../transfer/names.ts";
import type { Offer, Store } from "../transfer/receiver.ts";
import { setBusy } from "./busy.ts";
import { announce, button, focusHeading, h, icon } from "./dom.ts";
import { FileList } from "./file-list.ts";
import { Meter } from "./meter.ts";
import { notice } from "./notice.ts";

const steps = {
  looking: "Looking for the sender…",
  checking: "The sender is here. Checking the words…",
  connecting: "The words are right. Connecting…",
  offer: "Connected. Waiting to hear what is offered…",
};

// After these the same code may work once more.
const REPEATABLE: ProblemCode[] = [
  "connection-lost",
  "used-code",
  "unknown-code",
  "no-path",
  "no-relay",
  "relay-silent",
  "disk-full",
  "io",
  "server-error",
  "rate-limited",
];
const STEADY = "Keep this page open.";
const UNSTEADY = "The connection is shaky. Holding on…";
const DOWNLOADS_MAX = 10;
const URL_KEPT_MS = 60 * 60 * 1000;

export interface ReceiveActions {
  leave(): void;
  again(): void; // The same code once more.
  other(typed: string): void; // Another code.
}

export class ReceivePage implements ReceiveView {
  readonly #code: codes.Code;
  readonly #files: Files;
  readonly #actions: ReceiveActions;
  readonly #flow: ReceiveFlow;
  readonly #title = h("h1", {}, "Receiving");
  readonly #status = h("p", { class: "status", role: "status" });
  readonly #body = h("div", { class: "panel" });
  readonly #buttons = h("div", { class: "row actions" });
  #list: FileList | undefined;
  #meter: Meter | undefined;
  #offer: Offer | undefined;
  #toDownloads = false;
  #downloads: Download[] = [];
  #asZip = false;

  constructor(code: codes.Code, identity: Identity, files: Files, actions: ReceiveActions) {
    this.#code = code;
    this.#files = files;
    this.#actions = actions;
    this.#flow = new ReceiveFlow(code, identity, this);
    this.#setButtons(button("Cancel", () => this.#cancel()));
  }

  elements(): Node[] {
    return [this.#title, this.#status, this.#body, this.#buttons];
  }

  start(): void {
    this.#body.replaceChildren(h("p", { class: "code small" }, codes.format(this.#code)));
    this.#flow.start();
  }

  leave(): void {
    this.#flow.leave();
  }

  stop(): void {
    this.#flow.stop();
    this.#rest();
  }

  step(step: keyof typeof steps): void {
    this.#status.textContent = steps[step];
  }

  async offer(offer: Offer): Promise<Store | undefined> {
    this.#offer = offer;
    this.#list = new FileList(offer.items);
    const files = offer.items.filter((item) => item.kind === "file").length;
    const room = await roomLeft();
    const isTight = room !== undefined && offer.total !== null && offer.total > room;
    this.#title.textContent = "Do you want this?";
    this.#status.textContent = `Somebody who knows your code offers ${format.summary(files, offer.total)}.`;
    announce(this.#status.textContent);
    return new Promise((resolve) => {
      const decide = (store: Store | undefined) => {
        this.#setButtons(button("Cancel", () => this.#cancel()));
        this.#status.textContent = store ? "Looking at what is here already…" : "";
        resolve(store);
      };
      this.#body.replaceChildren(
        h("section", { class: "card list", "aria-label": "What is offered" }, this.#list!.element),
        h("div", { id: "where", "aria-live": "polite" }, isTight && this.#tight(room)),
      );
      this.#setButtons(...this.#choices(offer, isTight, decide));
      focusHeading(this.#title.parentElement ?? document);
    });
  }

  started(peer: RTCPeerConnection): void {
    setBusy(true);
    this.#title.textContent = "Receiving";
    this.#meter = new Meter(this.#offer?.total ?? null);
    this.#meter.follow(peer);
    this.#body.prepend(this.#meter.element);
    focusHeading(this.#title.parentElement ?? document);
  }

  unsteady(isUnsteady: boolean): void {
    if (this.#meter) {
      this.#status.textContent = isUnsteady ? UNSTEADY : STEADY;
    }
  }

  item(index: number): void {
    this.#status.textContent = STEADY;
    this.#list?.begin(index);
  }

  progress(bytes: number, index: number, itemBytes: number): void {
    this.#meter?.progress(bytes);
    this.#list?.progress(index, itemBytes);
  }

  saved(index: number): void {
    this.#list?.saved(index);
  }

  async done(): Promise<void> {
    if (this.#offer?.total != null) this.#meter?.progress(this.#offer.total);
    if (this.#asZip && !(await this.#zip())) return;
    this.#rest();
    this.#title.textContent = "Received";
    this.#title.prepend(icon("check"));
    this.#status.textContent = this.#farewell();
    announce(this.#status.textContent);
    if (this.#downloads.length > 0) this.#body.append(this.#again());
    this.#setButtons(button("Done", () => this.#actions.leave(), { class: "primary" }));
    focusHeading(document.querySelector("main")!);
  }

  failed(problem: Problem): void {
    this.#rest();
    const isStop = problem.code === "fingerprint";
    this.#title.textContent = isStop ? "Stopped" : "Not received";
    this.#status.textContent = "";
    this.#body.replaceChildren(notice(problem));
    if (problem.code === "declined") {
      this.#title.textContent = "Declined";
      this.#body.replaceChildren(h("p", {}, "You said no. Nothing was saved."));
    }
    this.#setButtons(
      REPEATABLE.includes(problem.code) &&
        button("Try again", () => this.#actions.again(), { class: "primary" }),
      !isStop && button("Another code", () => this.#actions.other(codes.format(this.#code))),
      button("Back", () => this.#actions.leave()),
    );
    focusHeading(this.#title.parentElement ?? document);
  }

  offline(problem: Problem): void {
    this.#status.textContent = "Trying again…";
    this.#body.replaceChildren(notice(problem, true));
  }

  #farewell(): string {
    const files = this.#offer!.items.filter((item) => item.kind === "file").length;
    const isOne = files === 1;
    const checked = isOne ? "It is complete and was checked." : `All ${files} files are complete and were checked.`;
    if (!this.#toDownloads) return checked;
    return `${checked} ${isOne || this.#asZip ? "It is" : "They are"} in your downloads.`;
  }

  async #zip(): Promise<boolean> {
    this.#status.textContent = "Packing…";
    try {
      const zip = await zipDownloads(this.#files, this.#offer!.items, this.#downloads);
      this.#downloads = [];
      this.#asZip = false;
      this.#download(zip);
      this.#asZip = true;
      return true;
    } catch {
      this.failed(new Problem("io"));
      return false;
    }
  }

  // ---- where to put it

  #choices(
    offer: Offer,
    isTight: boolean,
    decide: (store: Store | undefined) => void,
  ): (HTMLButtonElement | false)[] {
    const hasPicker = !!window.showDirectoryPicker && !!window.showSaveFilePicker;
    const isMany = offer.items.length > 1;
    const toDisk = hasPicker && (isTight || isMany);
    const choose = async () => {
      const store = await this.#chooseOnDisk(offer);
      if (store) decide(store);
    };
    const download = async () => decide(await this.#downloadStore());
    const chooser = button(isMany ? "Choose a folder…" : "Save as…", () => void choose(), {
      class: toDisk ? "primary" : "",
    });
    this.#asZip = needsZip(offer);
    const loader = button(this.#asZip ? "Save as one ZIP" : "Save to downloads", () => void download(), {
      class: toDisk ? "" : "primary",
    });
    const refuse = button("No, thanks", () => decide(undefined));
    chooser.id = "save-choose";
    loader.id = "save-downloads";
    return toDisk ? [chooser, loader, refuse] : [loader, hasPicker && chooser, refuse];
  }

  async #chooseOnDisk(offer: Offer): Promise<Store | undefined> {
    try {
      const only = offer.items.length === 1 ? offer.items[0] : undefined;
      if (only?.kind === "file") {
        const suggestedName = mendPath(only.path).at(-1)!;
        const handle = await window.showSaveFilePicker!({ suggestedName, id: "yodel" });
        this.#asZip = false;
        return new SingleStore(this.#files, handle);
      }
      const folder = await window.showDirectoryPicker!({ mode: "readwrite", id: "yodel" });
      this.#asZip = false;
      return new FolderStore(this.#files, folder);
    } catch (thrown) {
      if ((thrown as Error).name !== "AbortError") {
        document.getElementById("where")?.replaceChildren(notice(new Problem("io")));
      }
      return undefined; // The question stands.
    }
  }

  async #downloadStore(): Promise<Store> {
    this.#toDownloads = true;
    const inMemory = !(await hasPrivateFiles());
    return new DownloadStore(this.#files, inMemory, (download) => this.#download(download));
  }

  #download(download: Download): void {
    this.#downloads.push(download);
    if (!this.#asZip) saveLink(download).click();
  }

  #again(): HTMLElement {
    return h(
      "details",
      {},
      h("summary", {}, "A file is not in your downloads?"),
      h("ul", { class: "again" }, ...this.#downloads.map((one) => h("li", {}, saveLink(one)))),
    );
  }

  #tight(room: number): HTMLElement {
    return h(
      "p",
      { class: "notice soft", role: "status" },
      icon("alert"),
      `This browser keeps at most ${format.bytes(room)} for this page. A folder of your own has no such limit.`,
    );
  }

  #cancel(): void {
    this.stop();
    this.#actions.leave();
  }

  #rest(): void {
    setBusy(false);
    this.#meter?.stop();
  }

  #setButtons(...buttons: (HTMLButtonElement | false | undefined)[]): void {
    this.#buttons.replaceChildren(...buttons.filter((one) => !!one));
  }
}

// A download is a file without a folder, and browsers ask about many at once.
function needsZip({ items }: Offer): boolean {
  return items.length > DOWNLOADS_MAX || items.some((item) => mendPath(item.path).length > 1);
}

function saveLink({ name, blob }: Download): HTMLAnchorElement {
  const href = URL.createObjectURL(blob);
  setTimeout(() => URL.revokeObjectURL(href), URL_KEPT_MS);
  return h("a", { href, download: name }, h("bdi", {}, name));
}
