import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { archive, crc32 } from "../src/storage/zip.ts";

const text = new TextEncoder();

test("the CRC is the one everybody has", () => {
  assert.equal(crc32(text.encode("123456789")), 0xcbf43926);
  assert.equal(crc32(text.encode("6789"), crc32(text.encode("12345"))), 0xcbf43926);
});

function make(files: Record<string, string>): Buffer {
  const entries = Object.entries(files).map(([path, words]) => {
    const content = text.encode(words);
    return { entry: { path, size: content.length, crc: crc32(content), modified: 1_700_000_000 }, content };
  });
  return Buffer.concat(archive(entries));
}

test("another program reads the archive", (context) => {
  const files = { "trip/": "", "trip/a.txt": "hello", "trip/Größe 日本.txt": "x".repeat(100_000), empty: "" };
  const path = join(mkdtempSync(join(tmpdir(), "yodel-zip-")), "a.zip");
  writeFileSync(path, make(files));
  const script =
    "import zipfile,sys,json; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None;" +
    "print(json.dumps({n: z.read(n).decode() for n in z.namelist()}))";
  let read: string;
  try {
    read = execFileSync("python3", ["-c", script, path], { encoding: "utf8" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return context.skip("no python3");
    throw error;
  }
  assert.deepEqual(JSON.parse(read), files);
  assert.ok(readFileSync(path).length > 100_000);
});
