// The page: which of its views shows, and what the address says.
//
//   /                      send, type a code, or call
//   /#7-amber-falcon       receive under this code
//   /#call=ROOM            a call in this room
//   /#doctor               what may keep this browser from connecting

import { isRoomName } from "./call/messages.ts";
import * as codes from "./code.ts";
import { fingerprintOf, makeCertificate } from "./fingerprint.ts";
import type { Identity } from "./flows/link.ts";
import { Problem } from "./problem.ts";
import { Files, sourcesOf, type Chosen } from "./storage/client.ts";
import { cleanUp } from "./storage/store.ts";
import { CallPage } from "./ui/call.ts";
import { DoctorPage } from "./ui/doctor.ts";
import { show } from "./ui/dom.ts";
import { home } from "./ui/home.ts";
import { fromTransfer, tidy } from "./ui/pick.ts";
import { ReceivePage } from "./ui/receive.ts";
import { SendPage } from "./ui/send.ts";

const CALL = "call=";

const files = new Files(WORKER_FILE);
let page: SendPage | ReceivePage | CallPage | DoctorPage | undefined;

// A new one each time: two transfers cannot be linked by it.
async function newIdentity(): Promise<Identity> {
  const certificate = await makeCertificate();
  return { certificate, fingerprint: await fingerprintOf(certificate) };
}

function setAddress(fragment: string): void {
  history.replaceState(null, "", `${location.pathname}${location.search}${fragment}`);
}

function goHome(options: { problem?: Problem; typed?: string } = {}): void {
  page = undefined;
  setAddress("");
  document.title = "Yodel";
  const actions = {
    send: (chosen: Chosen[]) => void send(chosen),
    receive: (code: codes.Code) => void receive(code),
    call,
  };
  show(...home(actions, options));
  if (options.typed) document.getElementById("code")?.focus();
}

async function send(chosen: Chosen[]): Promise<void> {
  if (page) return;
  if (chosen.length === 0) return goHome({ problem: new Problem("nothing") });
  try {
    const identity = await newIdentity();
    page = new SendPage(sourcesOf(files, tidy(chosen)), identity, () => goHome());
  } catch {
    return goHome({ problem: new Problem("unsupported") });
  }
  show(...page.elements());
  page.start();
}

async function receive(code: codes.Code): Promise<void> {
  page?.stop();
  setAddress(`#${codes.format(code)}`);
  let identity: Identity;
  try {
    identity = await newIdentity();
  } catch {
    return goHome({ problem: new Problem("unsupported") });
  }
  page = new ReceivePage(code, identity, files, {
    leave: () => goHome(),
    again: () => void receive(code),
    other: (typed) => goHome({ typed }),
  });
  show(...page.elements());
  page.start();
}

function call(room: string, isInvited = false): void {
  page?.stop();
  if (typeof RTCPeerConnection !== "function") return goHome({ problem: new Problem("unsupported") });
  setAddress(`#${CALL}${room}`);
  document.title = "Yodel: call";
  page = new CallPage(room, isInvited, { leave: () => goHome(), again: () => call(room, true) });
  show(...page.elements());
  page.start();
}

function examine(): void {
  page?.stop();
  document.title = "Yodel: doctor";
  page = new DoctorPage(() => goHome());
  show(...page.elements());
  page.start();
}

function followAddress(): void {
  const fragment = location.hash.slice(1);
  if (fragment === "") {
    page?.stop();
    return goHome();
  }
  if (fragment === "doctor") return examine();
  if (fragment.startsWith(CALL)) {
    const room = fragment.slice(CALL.length);
    return isRoomName(room) ? call(room, true) : goHome({ problem: new Problem("bad-room") });
  }
  const code = codes.parse(fragment);
  if (code) void receive(code);
  else goHome({ problem: new Problem("bad-code"), typed: "" });
}

// ---- drop and paste anywhere

function isDroppable(event: DragEvent): boolean {
  return !page && !!event.dataTransfer?.types.includes("Files");
}

function listenForFiles(): void {
  let depth = 0;
  const mark = (isOver: boolean) => document.body.classList.toggle("dropping", isOver);
  addEventListener("dragenter", (event) => {
    if (isDroppable(event) && ++depth > 0) mark(true);
  });
  addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) mark(false);
  });
  addEventListener("dragover", (event) => {
    event.preventDefault(); // Or the browser opens what is dropped, and the page is gone.
    if (event.dataTransfer) event.dataTransfer.dropEffect = isDroppable(event) ? "copy" : "none";
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    mark(false);
    if (isDroppable(event)) void fromTransfer(event.dataTransfer).then(send);
  });
  addEventListener("paste", (event) => {
    if (page || event.target instanceof HTMLInputElement) return;
    void fromTransfer(event.clipboardData).then((chosen) => {
      if (chosen.length > 0) void send(chosen);
    });
  });
}

listenForFiles();
addEventListener("hashchange", followAddress);
addEventListener("pagehide", () => page?.leave());
addEventListener("pageshow", ({ persisted }) => {
  if (persisted && page) location.reload(); // Kept by the browser as it was, but its connections are not.
});
followAddress();
void cleanUp(Date.now()).catch(() => undefined);
