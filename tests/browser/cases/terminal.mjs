// Between the program in a terminal and the page.

import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { equal, isTrue } from "../lib/check.mjs";
import { MIB } from "../lib/files.mjs";
import * as page from "../lib/page.mjs";
import * as program from "../lib/program.mjs";
import { contents, openFolderSender, readZip, sorted, whenThere } from "./folders.mjs";

async function writeContents(folder) {
  for (const [path, text] of Object.entries(contents)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

async function readContents(folder) {
  const found = {};
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isFile()) found[relative(folder, path)] = await readFile(path, "utf8");
  }
  return found;
}

function toBrowser(name) {
  return {
    name: `a terminal sends 100 MiB to ${name}`,
    async run({ browsers, server, files }) {
      const taker = await browsers.get(name);
      await rm(taker.downloads, { recursive: true, force: true });
      const file = await files.fresh(100 * MIB);
      const { child, code } = await program.send(server.url, [file.path]);
      const receiver = await page.openReceiver(taker, server.url, code);
      await page.accept(receiver);
      await page.expectTitle(receiver, "Received");
      equal(await page.downloaded(taker, file.name, file.size), file.hash, "the hash");
      await program.success(child, 20_000);
      await page.close(receiver);
    },
  };
}

function fromBrowser(name) {
  return {
    name: `${name} sends 100 MiB to a terminal`,
    async run({ browsers, server, files }) {
      const giver = await browsers.get(name);
      const folder = await mkdtemp(join(browsers.home, "received-"));
      const file = await files.fresh(100 * MIB);
      const sender = await page.openSender(giver, server.url, [file.path, files.empty.path]);
      const child = program.receive(server.url, sender.code, folder);
      await program.success(child);
      await page.expectTitle(sender.page, "All there");
      equal(await page.hashOf(join(folder, file.name)), file.hash, "the hash");
      equal(await page.hashOf(join(folder, files.empty.name)), files.empty.hash, "the empty file's hash");
      await page.close(sender.page);
    },
  };
}

export const terminal = [
  toBrowser("Chromium"),
  fromBrowser("Chromium"),
  toBrowser("Firefox"),
  fromBrowser("Firefox"),
  {
    name: "a terminal sends a folder to Firefox, which gets one ZIP",
    async run({ browsers, server }) {
      const firefox = await browsers.get("Firefox");
      await rm(firefox.downloads, { recursive: true, force: true });
      const folder = await mkdtemp(join(browsers.home, "sent-"));
      await writeContents(folder);
      const { child, code } = await program.send(server.url, [join(folder, "trip")]);
      const receiver = await page.openReceiver(firefox, server.url, code);
      await page.accept(receiver);
      await page.expectTitle(receiver, "Received");
      const got = await whenThere(join(firefox.downloads, "trip.zip"), readZip);
      const files = Object.fromEntries(Object.entries(got).filter(([path]) => !path.endsWith("/")));
      equal(sorted(files), sorted(contents), "the archive");
      await program.success(child, 20_000);
      await page.close(receiver);
    },
  },
  {
    name: "Chromium sends a folder to a terminal",
    async run({ browsers, server }) {
      const folder = await mkdtemp(join(browsers.home, "received-"));
      const sender = await openFolderSender(await browsers.get("Chromium"), server.url);
      await program.success(program.receive(server.url, sender.code, folder));
      await page.expectTitle(sender.page, "All there");
      equal(sorted(await readContents(folder)), sorted(contents), "the folder");
      await page.close(sender.page);
    },
  },
  {
    // A sender that is slow to notice has the page ask more often than one may guess in a minute.
    name: "a browser that reloads, and again, goes on where it stopped, with a terminal as the sender",
    async run({ browsers, server, files }) {
      const taker = await browsers.get("Chromium");
      await rm(taker.downloads, { recursive: true, force: true });
      const file = await files.fresh(100 * MIB);
      const { child, code } = await program.send(server.url, [file.path]);
      const receiver = await page.openReceiver(taker, server.url, code);
      await page.accept(receiver);
      for (let reloads = 0; reloads < 2; reloads++) {
        await page.underway(receiver);
        child.kill("SIGSTOP");
        await receiver.reload();
        await new Promise((resolve) => setTimeout(resolve, 4000));
        child.kill("SIGCONT");
        await page.accept(receiver);
      }
      const first = await receiver.waitForFunction(
        () => document.querySelector("progress.overall")?.value || false,
        { timeout: 60_000, polling: 10 },
      );
      isTrue((await first.jsonValue()) > 0.05, "it begins with what is there");
      await page.expectTitle(receiver, "Received");
      equal(await page.downloaded(taker, file.name, file.size), file.hash, "the hash");
      await program.success(child, 20_000);
      await page.close(receiver);
    },
  },
  {
    // The browser has one place for what is half there, and the first page keeps it.
    name: "two pages receive the same file at once, each in full",
    async run({ browsers, server, files }) {
      const taker = await browsers.get("Chromium");
      await rm(taker.downloads, { recursive: true, force: true });
      const file = await files.fresh(40 * MIB);
      const first = await program.send(server.url, [file.path]);
      const early = await page.openReceiver(taker, server.url, first.code);
      await page.accept(early);
      await page.underway(early);
      first.child.kill("SIGSTOP");
      const second = await program.send(server.url, [file.path]);
      const late = await page.openReceiver(taker, server.url, second.code);
      await page.accept(late);
      await page.expectTitle(late, "Received");
      await program.success(second.child, 20_000);
      equal(await page.downloaded(taker, file.name, file.size), file.hash, "the hash");
      await rm(taker.downloads, { recursive: true, force: true }); // The other has the same name.
      first.child.kill("SIGCONT");
      await page.expectTitle(early, "Received");
      await program.success(first.child, 20_000);
      equal(await page.downloaded(taker, file.name, file.size), file.hash, "the hash");
      await page.close(early, late);
    },
  },
  {
    name: "the server dies while a terminal sends to a browser, which goes on",
    async run({ browsers, newServer, files }) {
      const server = await newServer();
      const taker = await browsers.get("Chromium");
      await rm(taker.downloads, { recursive: true, force: true });
      const file = await files.fresh(40 * MIB);
      const { child, code } = await program.send(server.url, [file.path]);
      const receiver = await page.openReceiver(taker, server.url, code);
      await page.accept(receiver);
      await receiver.waitForSelector(".path:not([hidden])", { timeout: 30_000 });
      await server.kill();
      await page.expectTitle(receiver, "Received");
      equal(await page.downloaded(taker, file.name, file.size), file.hash, "the hash");
      await program.success(child, 20_000);
      await page.close(receiver);
    },
  },
  {
    name: "a terminal with the wrong words gets nothing from a browser",
    async run({ browsers, server, files }) {
      const giver = await browsers.get("Chromium");
      const folder = await mkdtemp(join(browsers.home, "received-"));
      const sender = await page.openSender(giver, server.url, [files.small.path]);
      const [number, first, second] = sender.code.split("-");
      const child = program.receive(server.url, `${number}-${second}-${second === first ? "amber" : second}`, folder);
      await page.expectProblem(sender.page, "wrong-code");
      const ended = await program.success(child, 20_000).then(() => "well", () => "badly");
      equal(ended, "badly", "the program ended");
      await page.close(sender.page);
    },
  },
];
