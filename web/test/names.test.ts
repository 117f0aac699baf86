import assert from "node:assert/strict";
import { test } from "node:test";
import { mendPart, mendPath, numbered } from "../src/transfer/names.ts";

const rows: [string, string[]][] = [
  ["a.jpg", ["a.jpg"]],
  ["trip/a.jpg", ["trip", "a.jpg"]],
  ["../../etc/passwd", ["etc", "passwd"]],
  ["/etc/passwd", ["etc", "passwd"]],
  ["a//b/./c", ["a", "b", "c"]],
  ["", ["_"]],
  ["..", ["_"]],
  ["...", ["_"]],
  ["C:\\Windows\\x", ["C__Windows_x"]],
  ["a\0b", ["a_b"]],
  ["a\nb\x1b[31m", ["a_b_[31m"]],
  ["con", ["_con"]],
  ["NUL.txt", ["_NUL.txt"]],
  ["com1.tar.gz", ["_com1.tar.gz"]],
  ["console.txt", ["console.txt"]],
  ["a. ", ["a"]],
  [" a", ["a"]],
  ["photo\u202Egpj.exe", ["photogpj.exe"]],
  ["a\u200bb", ["ab"]],
  ["\ud800x", ["_x"]],
  ["Cafe\u0301", ["Café"]],
  ["日本語 📦.txt", ["日本語 📦.txt"]],
  ['<img src=x onerror="x">', ["_img src=x onerror=_x__"]],
];
for (const [path, want] of rows) {
  test(`mends ${JSON.stringify(path)}`, () => assert.deepEqual(mendPath(path), want));
}

test("a long part keeps its extension and its letters whole", () => {
  const name = mendPart(`${"é".repeat(300)}.tar`);
  assert.ok(new TextEncoder().encode(name).length <= 200);
  assert.ok(name.endsWith("é.tar"));
});

test("mending twice changes nothing more", () => {
  for (const [path] of rows) {
    const once = mendPath(path).join("/");
    assert.equal(mendPath(once).join("/"), once);
  }
});

test("depth is bounded", () => assert.ok(mendPath("a/".repeat(5000)).length <= 64));

test("numbers go before the extension", () => {
  assert.equal(numbered("a.jpg", 1), "a (1).jpg");
  assert.equal(numbered(".profile", 2), ".profile (2)");
  assert.equal(numbered("a", 1), "a (1)");
});
