// The field for a code: completes words as one types, with arrow keys, Enter, Tab or a tap.
//
// Implements  the combobox pattern of WAI-ARIA 1.2 with a list of suggestions

import * as codes from "../code.ts";
import { announce, h } from "./dom.ts";

const SUGGESTIONS_MAX = 6;

export class CodeField {
  readonly input = h("input", {
    id: "code",
    type: "text",
    role: "combobox",
    "aria-expanded": "false",
    "aria-controls": "code-list",
    "aria-autocomplete": "list",
    "aria-describedby": "code-hint",
    autocomplete: "off",
    autocapitalize: "none",
    autocorrect: "off",
    spellcheck: "false",
    inputmode: "text",
    enterkeyhint: "go",
    placeholder: "7-amber-falcon",
    maxlength: 300,
  });
  readonly #list = h("ul", { id: "code-list", role: "listbox", "aria-label": "Words", hidden: true });
  readonly element = h("div", { class: "code-field" }, this.input, this.#list);
  #options: string[] = [];
  #active = -1;

  constructor() {
    this.input.addEventListener("input", () => this.#suggest());
    this.input.addEventListener("keydown", (event) => this.#onKey(event));
    this.input.addEventListener("blur", () => this.#close());
  }

  #suggest(): void {
    this.#options = codes.complete(this.input.value, SUGGESTIONS_MAX);
    this.#active = -1;
    this.#list.replaceChildren(
      ...this.#options.map((option, index) =>
        h(
          "li",
          {
            id: `code-option-${index}`,
            role: "option",
            "aria-selected": "false",
            // Before the blur, which would close the list under the finger.
            onpointerdown: (event: PointerEvent) => {
              event.preventDefault();
              this.#choose(index);
            },
          },
          option,
        ),
      ),
    );
    this.#list.hidden = this.#options.length === 0;
    this.input.setAttribute("aria-expanded", String(!this.#list.hidden));
    this.input.removeAttribute("aria-activedescendant");
    if (!this.#list.hidden) announce(`${this.#options.length} suggestions`);
  }

  #close(): void {
    this.#options = [];
    this.#list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  #choose(index: number): void {
    const option = this.#options[index];
    if (option === undefined) return;
    const isWhole = option.split("-").length === 3;
    this.input.value = isWhole ? option : `${option}-`;
    this.#close();
  }

  #mark(index: number): void {
    this.#active = index;
    for (const [at, element] of [...this.#list.children].entries()) {
      element.setAttribute("aria-selected", String(at === index));
    }
    this.input.setAttribute("aria-activedescendant", `code-option-${index}`);
  }

  #onKey(event: KeyboardEvent): void {
    const count = this.#options.length;
    if (count === 0) return;
    if (event.key === "ArrowDown") this.#mark((this.#active + 1) % count);
    else if (event.key === "ArrowUp") this.#mark((Math.max(this.#active, 0) + count - 1) % count);
    else if (event.key === "Escape") this.#close();
    else if (event.key === "Tab" && !event.shiftKey) this.#choose(Math.max(this.#active, 0));
    else if (event.key === "Enter" && this.#active >= 0) this.#choose(this.#active);
    else return;
    event.preventDefault();
  }
}
