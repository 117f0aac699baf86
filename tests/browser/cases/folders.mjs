// Folders: from a folder picker to a folder, or to one ZIP where the browser has no folder picker.

import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { equal } from "../lib/check.mjs";
import * as page from "../lib/page.mjs";

export const contents = { "trip/a.txt": "a".repeat(300_000), "trip/deep/b.txt": "b", "trip/deep/empty": "" };

// What the folder picker gives, without its dialog, which a test cannot reach.
function pickFolder(files) {
  const input = document.querySelector("#pick-folder");
  const list = Object.entries(files).map(([path, text]) => {
    const file = new File([text], path.split("/").pop());
    Object.defineProperty(file, "webkitRelativePath", { value: path });
    return file;
  });
  Object.defineProperty(input, "files", { value: list });
  input.dispatchEvent(new Event("change"));
}

export async function openFolderSender(browser, url) {
  const sender = await page.open(browser, url);
  await sender.evaluate(pickFolder, contents);
  await page.expectStep(sender, "#the-code");
  return { page: sender, code: await page.text(sender, "#the-code") };
}

// A folder of the browser's own takes the place of one that the user picks.
function standInPickers() {
  const root = () => navigator.storage.getDirectory();
  window.showDirectoryPicker = async () => (await root()).getDirectoryHandle("picked", { create: true });
  window.showSaveFilePicker = async ({ suggestedName }) =>
    (await root()).getFileHandle(suggestedName, { create: true });
}

async function readPicked() {
  const found = {};
  const walk = async (folder, before) => {
    for await (const [name, handle] of folder.entries()) {
      if (handle.kind === "directory") await walk(handle, `${before}${name}/`);
      else found[before + name] = await (await handle.getFile()).text();
    }
  };
  await walk(await (await navigator.storage.getDirectory()).getDirectoryHandle("picked"), "");
  return found;
}

export async function readZip(path) {
  const script =
    "import zipfile,sys,json; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None;" +
    "print(json.dumps({n: z.read(n).decode() for n in z.namelist()}))";
  const { stdout } = await promisify(execFile)("python3", ["-c", script, path]);
  return JSON.parse(stdout);
}

export async function whenThere(path, read, tries = 100) {
  for (let i = 0; i < tries; i++) {
    try {
      return await read(path);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return read(path);
}

export function sorted(files) {
  return JSON.stringify(Object.entries(files).sort());
}

export const folders = [
  {
    name: "a folder arrives in Firefox as one ZIP",
    async run({ browsers, server }) {
      const firefox = await browsers.get("Firefox");
      await rm(firefox.downloads, { recursive: true, force: true });
      const sender = await openFolderSender(await browsers.get("Chromium"), server.url);
      const receiver = await page.openReceiver(firefox, server.url, sender.code);
      await page.accept(receiver);
      await page.expectTitle(receiver, "Received");
      const got = await whenThere(join(firefox.downloads, "trip.zip"), readZip);
      equal(sorted(got), sorted(contents), "the archive");
      await page.close(sender.page, receiver);
    },
  },
  {
    name: "a folder arrives in a folder that was picked, and overwrites nothing",
    async run({ browsers, server }) {
      const chromium = await browsers.get("Chromium 2");
      for (const round of [0, 1]) {
        const sender = await openFolderSender(await browsers.get("Firefox"), server.url);
        const receiver = await page.open(chromium, `${server.url}#${sender.code}`, standInPickers);
        await page.expectStep(receiver, "#save-choose");
        await receiver.click("#save-choose");
        await page.expectTitle(receiver, "Received");
        const got = await receiver.evaluate(readPicked);
        const want = { ...contents };
        if (round === 1) {
          want["trip/a (1).txt"] = contents["trip/a.txt"];
          want["trip/deep/b (1).txt"] = contents["trip/deep/b.txt"];
          want["trip/deep/empty (1)"] = "";
        }
        equal(sorted(got), sorted(want), "the folder");
        await page.close(sender.page, receiver);
      }
    },
  },
];
