// Names: what a peer calls a file becomes something that may touch a disk (docs/TRANSFER.md, "Names").
//
// Nothing is refused here: each part is mended, and the user sees the mended name.

const PART_BYTES_MAX = 200;
const DEPTH_MAX = 64;
const DEVICES = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)$/i;
// Controls, and what no Windows name may hold.
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\\/:*?"<>|]/g;
// Marks that turn the reading direction, hide, or break lines.
const TRICKS = /[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
const LONE_SURROGATES = /\p{Surrogate}/gu;

const encoder = new TextEncoder();

function bytesOf(text: string): number {
  return encoder.encode(text).length;
}

function cutTo(text: string, max: number): string {
  let kept = "";
  let size = 0;
  for (const letter of text) {
    size += bytesOf(letter);
    if (size > max) break;
    kept += letter;
  }
  return kept;
}

// Stem and extension: the extension starts at the last dot and is short.
export function splitExtension(name: string): [string, string] {
  const dot = name.lastIndexOf(".");
  if (dot <= 0 || bytesOf(name.slice(dot)) > 32) return [name, ""];
  return [name.slice(0, dot), name.slice(dot)];
}

export function mendPart(part: string): string {
  let name = part
    .replace(LONE_SURROGATES, "_")
    .normalize("NFC")
    .replace(FORBIDDEN, "_")
    .replace(TRICKS, "")
    .replace(/[ .\u00a0]+$/u, "")
    .replace(/^ +/, "");
  if (name === "") name = "_";
  if (DEVICES.test(name.split(".")[0]!.trimEnd())) name = `_${name}`;
  if (bytesOf(name) > PART_BYTES_MAX) {
    const [stem, extension] = splitExtension(name);
    name = cutTo(stem, PART_BYTES_MAX - bytesOf(extension)) + extension;
  }
  return name;
}

// The parts of a path, none of which leads up or out. Never empty.
export function mendPath(path: string): string[] {
  const parts = path
    .split("/")
    .filter((part) => part !== "" && part !== "." && part !== "..")
    .map(mendPart);
  if (parts.length === 0) return ["_"];
  return parts.length > DEPTH_MAX ? parts.slice(-DEPTH_MAX) : parts;
}

// "a.jpg" and 2 make "a (2).jpg".
export function numbered(name: string, number: number): string {
  const [stem, extension] = splitExtension(name);
  return `${stem} (${number})${extension}`;
}
