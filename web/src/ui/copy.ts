// Buttons that copy or share, and say that they did.

import { announce, button, icon } from "./dom.ts";

async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Pages without TLS have no clipboard: the old way, with a field that is gone at once.
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "unseen";
    document.body.append(field);
    field.select();
    const isDone = document.execCommand("copy");
    field.remove();
    return isDone;
  }
}

export function copyButton(label: string, text: () => string): HTMLButtonElement {
  const self = button(label, () => void copy(), { class: "quiet", icon: "copy" });
  const copy = async () => {
    const isDone = await toClipboard(text());
    self.focus();
    self.replaceChildren(icon(isDone ? "check" : "copy"), isDone ? "Copied" : "Press Ctrl+C");
    announce(isDone ? "Copied." : "Copying was not allowed.");
    setTimeout(() => self.replaceChildren(icon("copy"), label), 2000);
  };
  return self;
}

export function shareButton(url: () => string, title = "Files for you"): HTMLButtonElement | undefined {
  if (!navigator.share) return undefined;
  const share = async () => {
    try {
      await navigator.share({ title, url: url() });
    } catch {
      // The user thought better of it.
    }
  };
  return button("Share…", () => void share(), { class: "quiet", icon: "share" });
}
