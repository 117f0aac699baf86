// The first page: give files, type a code, or call.

import * as codes from "../code.ts";
import { Problem } from "../problem.ts";
import { isRoomName, randomRoom } from "../call/messages.ts";
import type { Chosen } from "../storage/client.ts";
import { CodeField } from "./code-field.ts";
import { button, h, icon } from "./dom.ts";
import { notice } from "./notice.ts";
import { fromFileList } from "./pick.ts";

export interface HomeActions {
  send(chosen: Chosen[]): void;
  receive(code: codes.Code): void;
  call(room: string): void;
}

function picker(actions: HomeActions, isFolder: boolean): HTMLInputElement {
  const input = h("input", {
    type: "file",
    id: isFolder ? "pick-folder" : "pick-files",
    class: "unseen",
    multiple: true,
    webkitdirectory: isFolder,
    tabindex: -1,
    "aria-hidden": "true",
    onchange: () => {
      const chosen = fromFileList(input.files);
      if (chosen.length > 0) actions.send(chosen);
      input.value = "";
    },
  });
  return input;
}

function sendCard(actions: HomeActions): HTMLElement {
  const files = picker(actions, false);
  const folder = picker(actions, true);
  const hasFolders = "webkitdirectory" in files;
  return h(
    "section",
    { class: "card send", "aria-labelledby": "send-title" },
    h("div", { class: "mark" }, icon("send")),
    h("h2", { id: "send-title" }, "Send"),
    h("p", { class: "lead" }, "Drop files or folders anywhere, paste, or"),
    h(
      "div",
      { class: "row" },
      button("Choose files", () => files.click(), { class: "primary" }),
      hasFolders && button("Choose a folder", () => folder.click()),
    ),
    files,
    folder,
  );
}

function receiveCard(actions: HomeActions, typed: string): HTMLElement {
  const field = new CodeField();
  field.input.value = typed;
  const answer = h("div", { id: "code-answer", "aria-live": "polite" });
  const offer = (meant: codes.Code) => {
    const text = codes.format(meant);
    const use = button(text, () => actions.receive(meant), { class: "quiet" });
    answer.replaceChildren(h("p", { class: "meant" }, "Did you mean ", use, "?"));
  };
  const onsubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const code = codes.parse(field.input.value);
    if (!code) {
      answer.replaceChildren(notice(new Problem("bad-code")));
      field.input.setAttribute("aria-invalid", "true");
      field.input.focus();
      return;
    }
    const meant = codes.mend(code);
    // A try costs the code: better to ask about a slip than to lose it.
    if (meant && codes.format(meant) !== codes.format(code)) return offer(meant);
    actions.receive(code);
  };
  return h(
    "section",
    { class: "card receive", "aria-labelledby": "receive-title" },
    h("div", { class: "mark" }, icon("receive")),
    h("h2", { id: "receive-title" }, "Receive"),
    h(
      "form",
      { onsubmit, novalidate: true },
      h("label", { for: "code", class: "lead" }, "The code, as the sender tells you"),
      h(
        "div",
        { class: "row" },
        field.element,
        h("button", { type: "submit", class: "primary" }, "Connect"),
      ),
      h("p", { id: "code-hint", class: "hint" }, "A number and two words. Capitals and dashes do not matter."),
      answer,
    ),
  );
}

function callCard(actions: HomeActions): HTMLElement {
  const name = h("input", {
    id: "room",
    type: "text",
    maxlength: 64,
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
    placeholder: "a name that nobody guesses",
    "aria-describedby": "room-hint",
  });
  const answer = h("div", { "aria-live": "polite" });
  const onsubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const wanted = name.value.trim();
    if (wanted === "" || isRoomName(wanted)) return actions.call(wanted === "" ? randomRoom() : wanted);
    answer.replaceChildren(notice(new Problem("bad-room")));
    name.setAttribute("aria-invalid", "true");
    name.focus();
  };
  return h(
    "section",
    { class: "card call", "aria-labelledby": "call-title" },
    h("div", { class: "mark" }, icon("camera")),
    h("h2", { id: "call-title" }, "Call"),
    h("p", { class: "lead" }, "See and hear each other, and show a screen. You get a link; whoever opens it is there."),
    h(
      "form",
      { onsubmit, novalidate: true },
      h("label", { for: "room", class: "unseen" }, "Name of the room"),
      h(
        "div",
        { class: "row" },
        h("button", { type: "submit", class: "primary", id: "call" }, "Call somebody"),
        h("div", { class: "field" }, name),
      ),
      h("p", { id: "room-hint", class: "hint" }, "Leave the room's name empty, unless you want one that you can remember: then anybody who thinks of it can come in."),
      answer,
    ),
  );
}

export function home(actions: HomeActions, options: { problem?: Problem; typed?: string }): Node[] {
  return [
    h("h1", {}, "From here to there, and nowhere else"),
    h(
      "p",
      { class: "tagline" },
      "Files and calls go straight from one device to the other, encrypted. No account, no limit, nothing kept on a server.",
    ),
    ...(options.problem ? [notice(options.problem)] : []),
    h("div", { class: "cards" }, sendCard(actions), receiveCard(actions, options.typed ?? ""), callCard(actions)),
    h("p", { class: "hint" }, "It does not connect? ", h("a", { href: "#doctor" }, "See what is in the way")),
  ];
}
