// Elements without markup: text goes in as text, so nothing that a peer wrote can become anything else.

export type Child = Node | string | undefined | false;

interface Props {
  [name: string]: string | number | boolean | undefined | ((event: never) => unknown);
}

function apply(element: Element, props: Props): void {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") {
      element.addEventListener(name.replace(/^on/, ""), value as unknown as EventListener);
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  apply(element, props);
  element.append(...children.filter((child): child is Node | string => !!child));
  return element;
}

export function svg(tag: string, props: Props = {}, ...children: SVGElement[]): SVGElement {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  apply(element, props);
  element.append(...children);
  return element;
}

const icons = {
  send: "M12 19V6M6 11l6-6 6 6",
  receive: "M12 5v13M6 13l6 6 6-6",
  copy: "M9 9h10v10H9zM5 15V5h10",
  share: "M12 15V4M8 8l4-4 4 4M5 13v6h14v-6",
  check: "M5 13l4 4L19 7",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
  folder: "M3 7h6l2 2h10v10H3z",
  cross: "M6 6l12 12M18 6L6 18",
  local: "M4 11l8-6 8 6v8H4zM10 19v-5h4v5",
  internet: "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M3 12h18M12 3c5 5 5 13 0 18M12 3c-5 5-5 13 0 18",
  direct: "M4 12h16M14 6l6 6-6 6M4 6v12",
  relay: "M4 12h4M16 12h4M8 8h8v8H8z",
  microphone: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3M6 11a6 6 0 0 0 12 0M12 17v4",
  camera: "M3 7h12v10H3zM15 11l6-4v10l-6-4",
  screen: "M3 5h18v11H3zM8 20h8M12 16v4",
  chat: "M4 5h16v11H10l-5 4v-4H4z",
  chart: "M4 20V4M4 20h16M7 15l4-5 3 3 5-7",
  devices: "M4 7h9M17 7h3M4 17h3M11 17h9M13 5v4M11 15v4",
  leave: "M3 15c5-5 13-5 18 0l-3 3-4-2v-3M3 15l3 3 4-2v-3",
  alert: "M12 4l9 16H3zM12 10v4M12 17v.5",
};

export function icon(name: keyof typeof icons): SVGElement {
  return svg(
    "svg",
    { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    svg("path", { d: icons[name] }),
  );
}

export function button(
  label: string,
  onclick: () => unknown,
  options: { class?: string; icon?: keyof typeof icons; id?: string } = {},
): HTMLButtonElement {
  return h(
    "button",
    { type: "button", class: options.class ?? "", id: options.id, onclick },
    options.icon && icon(options.icon),
    label,
  );
}

// Replaces what the page shows. The new heading takes the focus, so that a screen reader reads on
// from there and the keyboard goes on from there.
export function show(...view: Child[]): void {
  const main = document.querySelector("main")!;
  main.replaceChildren(...view.filter((child): child is Node | string => !!child));
  focusHeading(main);
}

export function focusHeading(within: ParentNode): void {
  const heading = within.querySelector<HTMLElement>("h1, h2");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus({ preventScroll: true });
}

// Says something to screen readers, without moving anything.
export function announce(text: string): void {
  const region = document.getElementById("announcer");
  if (region) region.textContent = text;
}
