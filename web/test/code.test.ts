import assert from "node:assert/strict";
import { test } from "node:test";
import * as codes from "../src/code.ts";

const [one, two] = [codes.words[0]!, codes.words[codes.words.length - 1]!];
const want = { number: 7, words: [one, two] };

test("the list is what a code is made of", () => {
  assert.equal(new Set(codes.words).size, codes.words.length);
  for (const word of codes.words) assert.match(word, /^[a-z]+$/);
  for (let i = 0; i < 50; i++) assert.ok(codes.randomWords().every(codes.isKnown));
});

for (const text of [
  `7-${one}-${two}`,
  ` 7 ${one} ${two}\n`,
  `7.${one}.${two}`,
  `7–${one}—${two}`,
  `7-${one.toUpperCase()}-${two}`,
  `https://example.org/yodel/#7-${one}-${two}`,
  `http://192.0.2.7:8080/#7-${one}-${two}`,
  `7%20${one}%20${two}`,
  `yodel receive 7-${one}-${two}`,
  `yodel receive --server http://localhost:8080 7-${one}-${two}`,
  `７-${one}-${two}`,
  `"7-${one}-${two}".`,
]) {
  test(`is a code: ${JSON.stringify(text)}`, () => assert.deepEqual(codes.parse(text), want));
}

for (const text of ["", "7", "amber-falcon", `7-${one}`, "7-a-b-c", "99999999999999-a-b", "#", "%%%", "<script>"]) {
  test(`is no code: ${JSON.stringify(text)}`, () => assert.equal(codes.parse(text), undefined));
}

test("format and parse are inverse", () => {
  for (let i = 0; i < 50; i++) {
    const code = { number: i, words: codes.randomWords() };
    assert.deepEqual(codes.parse(codes.format(code)), code);
  }
});

test("a slip of one letter is mended, a right code is left alone", () => {
  const slip = `${one.slice(0, 1)}${one.slice(2)}`;
  const mended = codes.mend({ number: 7, words: [slip, two] });
  if (mended) assert.ok(codes.isKnown(mended.words[0]));
  assert.deepEqual(codes.mend({ number: 7, words: [one, two] }), want);
  assert.equal(codes.mend({ number: 7, words: ["qqqqqqqq", two] }), undefined);
});

test("completions begin with what was typed", () => {
  const start = `7-${one.slice(0, 2)}`;
  const found = codes.complete(start, 6);
  assert.ok(found.length > 0 && found.length <= 6);
  for (const option of found) assert.ok(option.startsWith(start));
  assert.deepEqual(codes.complete("7-", 6), []);
  assert.deepEqual(codes.complete("amber", 6), []);
  assert.deepEqual(codes.complete("", 6), []);
});
