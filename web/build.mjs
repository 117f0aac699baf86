// Builds web/dist, or with --tests the unit tests. No step but esbuild: names carry a hash of
// their content, so that a server may let browsers keep them for ever.

import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const { version } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));

const shared = {
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  target: ["es2022", "chrome110", "firefox115", "safari16.4"],
  loader: { ".txt": "text" },
  legalComments: "none",
  logLevel: "warning",
};

function hashed(name, extension, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
  const file = `${name}-${hash}.${extension}`;
  writeFileSync(join(dist, file), content);
  return file;
}

async function bundle(entry, define = {}) {
  const result = await build({
    ...shared,
    entryPoints: [entry],
    minify: true,
    write: false,
    external: ["*.svg"],
    define: { VERSION: JSON.stringify(version), ...define },
  });
  return result.outputFiles[0].contents;
}

async function buildPage() {
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  cpSync(join(here, "assets"), dist, { recursive: true });
  const worker = hashed("worker", "js", await bundle("src/storage/worker.ts"));
  const app = hashed(
    "app",
    "js",
    await bundle("src/main.ts", { WORKER_FILE: JSON.stringify(worker) }),
  );
  const style = hashed("style", "css", await bundle("src/ui/style.css"));
  const page = readFileSync(join(here, "index.html"), "utf8")
    .replace("{{app}}", app)
    .replace("{{style}}", style);
  writeFileSync(join(dist, "index.html"), page);
}

async function buildTests() {
  const out = join(here, "node_modules/.cache/yodel-tests");
  rmSync(out, { recursive: true, force: true });
  const tests = readdirSync(join(here, "test")).filter((name) => name.endsWith(".test.ts"));
  await build({
    ...shared,
    entryPoints: tests.map((name) => join("test", name)),
    outdir: out,
    outExtension: { ".js": ".mjs" },
    platform: "node",
    target: "node18",
    // Debian 12's Node has the browser's crypto, but not under its name.
    banner: {
      js: 'import { webcrypto as banner } from "node:crypto"; globalThis.crypto ??= banner;',
    },
    define: { WORKER_FILE: '"worker.js"', VERSION: '"test"' },
  });
}

await (process.argv.includes("--tests") ? buildTests() : buildPage());
