// Between the program in a terminal and the page.

import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { equal } from "../lib/check.mjs";
import * as page from "../lib/page.mjs";
import * as program from "../lib/program.mjs";

function toBrowser(name) {
  return {
    name: `a terminal sends 100 MiB to ${name}`,
    async run({ browsers, server, files }) {
      const taker = await browsers.get(name);
      await rm(taker.downloads, { recursive: true, force: true });
      const { child, code } = await program.send(server.url, [files.big.path]);
      const receiver = await page.openReceiver(taker, server.url, code);
      await page.accept(receiver);
      await page.expectTitle(receiver, "Received");
      const got = await page.downloaded(taker, files.big.name, files.big.size);
      equal(got, files.big.hash, "the hash");
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
      const sender = await page.openSender(giver, server.url, [files.big.path, files.empty.path]);
      const child = program.receive(server.url, sender.code, folder);
      await program.success(child);
      await page.expectTitle(sender.page, "All there");
      equal(await page.hashOf(join(folder, files.big.name)), files.big.hash, "the hash");
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
    name: "the server dies while a terminal sends to a browser, which goes on",
    async run({ browsers, newServer, files }) {
      const server = await newServer();
      const taker = await browsers.get("Chromium");
      await rm(taker.downloads, { recursive: true, force: true });
      const { child, code } = await program.send(server.url, [files.big.path]);
      const receiver = await page.openReceiver(taker, server.url, code);
      await page.accept(receiver);
      await receiver.waitForSelector(".path:not([hidden])", { timeout: 30_000 });
      await server.kill();
      await page.expectTitle(receiver, "Received");
      const got = await page.downloaded(taker, files.big.name, files.big.size);
      equal(got, files.big.hash, "the hash");
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
