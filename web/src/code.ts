// Codes: NUMBER-WORD-WORD, as people say and type them (docs/SIGNALING.md, "Rendezvous codes").
//
// The server hands out the number; the words are ours alone and make the key.

import wordsText from "../../src/signaling/words.txt";

export interface Code {
  number: number;
  words: [string, string];
}

export const words: readonly string[] = wordsText.split("\n").filter((word) => word !== "");
const known = new Set(words);

const NUMBER_MAX = 999_999_999;

export function format(code: Code): string {
  return [code.number, ...code.words].join("-");
}

// A number below `limit` without the bias of a plain remainder.
function randomBelow(limit: number): number {
  const bound = Math.floor(0x1_0000_0000 / limit) * limit;
  const box = new Uint32Array(1);
  do {
    crypto.getRandomValues(box);
  } while (box[0]! >= bound);
  return box[0]! % limit;
}

export function randomWords(): [string, string] {
  return [words[randomBelow(words.length)]!, words[randomBelow(words.length)]!];
}

export function isKnown(word: string): boolean {
  return known.has(word);
}

// The digits and letters that somebody typed, whatever stands between them.
function pieces(text: string): string[] {
  const tail = text.includes("#") ? text.slice(text.lastIndexOf("#") + 1) : text;
  let plain = tail;
  try {
    plain = decodeURIComponent(tail);
  } catch {
    // A lone percent sign is no reason to refuse: what is no letter or digit separates.
  }
  return plain.normalize("NFKC").toLowerCase().match(/[0-9]+|[a-z]+/g) ?? [];
}

// Two words written as one: "amberfalcon". Only where there is a single way to part them.
function split(joined: string): [string, string] | undefined {
  const ways: [string, string][] = [];
  for (let at = 1; at < joined.length; at++) {
    const pair: [string, string] = [joined.slice(0, at), joined.slice(at)];
    if (known.has(pair[0]) && known.has(pair[1])) ways.push(pair);
  }
  return ways.length === 1 ? ways[0] : undefined;
}

// Reads a code out of what somebody typed or pasted: a link, "7 Amber Falcon", "7amberfalcon", a
// whole `yodel receive …` line. Words outside the list pass, since another program's list may be
// another; undefined is for what has no number or not two words.
export function parse(text: string): Code | undefined {
  const found = pieces(text);
  const at = found.findLastIndex((piece) => /^[0-9]/.test(piece));
  if (at < 0) return undefined;
  const number = Number(found[at]);
  if (!Number.isSafeInteger(number) || number > NUMBER_MAX) return undefined;
  const after = found.slice(at + 1);
  const pair = after.length === 1 ? split(after[0]!) : after;
  return pair?.length === 2 ? { number, words: [pair[0]!, pair[1]!] } : undefined;
}

// Ways to finish what has been typed so far, each a whole text for the field.
export function complete(text: string, limit: number): string[] {
  const found = pieces(text);
  if (found.length < 2 || found.length > 3 || !/^[0-9]/.test(found[0]!)) return [];
  const stem = found[found.length - 1]!;
  const ended = /[^0-9a-z]$/i.test(text);
  if (ended || (known.has(stem) && words.filter((word) => word.startsWith(stem)).length === 1)) {
    return [];
  }
  const before = found.slice(0, -1).join("-");
  return words
    .filter((word) => word.startsWith(stem))
    .slice(0, limit)
    .map((word) => `${before}-${word}`);
}

// True when one letter was added, dropped or changed, or two neighbours swapped.
function isNear(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) {
    end++;
  }
  const restA = a.slice(start, a.length - end);
  const restB = b.slice(start, b.length - end);
  if (restA.length <= 1 && restB.length <= 1) return true;
  return restA.length === 2 && restB.length === 2 && restA[0] === restB[1] && restA[1] === restB[0];
}

// A code whose unknown words are replaced by the only listed one that is a slip away.
export function mend(code: Code): Code | undefined {
  const mended = code.words.map((word) => {
    if (known.has(word)) return word;
    const near = words.filter((candidate) => isNear(word, candidate));
    return near.length === 1 ? near[0] : undefined;
  });
  const [first, second] = mended;
  return first && second ? { number: code.number, words: [first, second] } : undefined;
}
