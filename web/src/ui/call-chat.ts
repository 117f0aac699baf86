// The chat of a call: a log and a field. What was said stays as long as the page.

import { CHAT_MAX } from "../call/messages.ts";
import { announce, h } from "./dom.ts";

const KEPT_MAX = 500;

export class Chat {
  readonly #send: (text: string) => boolean;
  readonly #log = h("ol", { class: "chat-log", role: "log", "aria-label": "What was written", tabindex: 0 });
  readonly #field = h("input", {
    id: "chat-field",
    type: "text",
    maxlength: CHAT_MAX,
    autocomplete: "off",
    enterkeyhint: "send",
    "aria-label": "Your message",
    placeholder: "Your message",
  });
  readonly #button = h("button", { type: "submit" }, "Send");
  readonly element = h(
    "section",
    { class: "card chat", "aria-label": "Chat", hidden: true },
    this.#log,
    h("form", { class: "row", onsubmit: (event: Event) => this.#onSubmit(event) }, h("div", { class: "field" }, this.#field), this.#button),
  );
  unread = 0;

  constructor(send: (text: string) => boolean) {
    this.#send = send;
    this.enable(false);
  }

  enable(isEnabled: boolean): void {
    this.#button.disabled = !isEnabled;
    this.#field.placeholder = isEnabled ? "Your message" : "Nobody can read it now";
  }

  add(who: "me" | "them", text: string): void {
    const name = who === "me" ? "You" : "The other side";
    // Isolated, so that what is written right to left leaves the name alone.
    this.#log.append(h("li", { class: who }, h("span", { class: "who" }, `${name}: `), h("bdi", {}, text)));
    if (this.#log.childElementCount > KEPT_MAX) this.#log.firstElementChild?.remove();
    this.#log.scrollTop = this.#log.scrollHeight;
    if (who === "them" && this.element.hidden) {
      this.unread++;
      announce(`Message: ${text.slice(0, 200)}`);
    }
  }

  read(): void {
    this.unread = 0;
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#field.focus();
  }

  #onSubmit(event: Event): void {
    event.preventDefault();
    const text = this.#field.value.trim();
    if (text === "" || !this.#send(text)) return;
    this.add("me", text);
    this.#field.value = "";
  }
}
