// What goes wrong in life: wrong words, a server that dies, a page that is reloaded.

import { rm } from "node:fs/promises";
import { equal, isTrue } from "../lib/check.mjs";
import { MIB } from "../lib/files.mjs";
import * as page from "../lib/page.mjs";
import { startStandIn } from "../lib/stand-in.mjs";

function otherWords(code) {
  const [number, first, second] = code.split("-");
  return `${number}-${second}-${first === second ? "amber" : first}`;
}

export const mishaps = [
  {
    name: "wrong words are refused, the code is spent, and the new one works",
    async run({ browsers, server, files }) {
      const chromium = await browsers.get("Chromium");
      await rm(chromium.downloads, { recursive: true, force: true });
      const sender = await page.openSender(chromium, server.url, [files.small.path]);
      const guesser = await page.openReceiver(chromium, server.url, otherWords(sender.code));
      await page.expectProblem(guesser, "wrong-code");
      await page.expectProblem(sender.page, "wrong-code");
      const next = await page.text(sender.page, "#the-code");
      isTrue(next !== sender.code, "the code is another");
      const late = await page.openReceiver(chromium, server.url, sender.code);
      await page.expectProblem(late, "unknown-code");
      const receiver = await page.openReceiver(chromium, server.url, next);
      await page.accept(receiver);
      await page.expectTitle(receiver, "Received");
      await page.downloaded(chromium, files.small.name, files.small.size);
      await page.close(sender.page, guesser, late, receiver);
    },
  },
  {
    name: "a code that nobody has is unknown",
    async run({ browsers, server }) {
      const receiver = await page.openReceiver(await browsers.get("Firefox"), server.url, "9999-amber-falcon");
      await page.expectProblem(receiver, "unknown-code");
      await page.close(receiver);
    },
  },
  {
    name: "a code serves one receiver, not two",
    async run({ browsers, server, files }) {
      const chromium = await browsers.get("Chromium");
      const sender = await page.openSender(chromium, server.url, [files.small.path]);
      const receiver = await page.openReceiver(chromium, server.url, sender.code);
      await page.expectStep(receiver, "#save-downloads");
      const second = await page.openReceiver(chromium, server.url, sender.code);
      await page.expectProblem(second, "used-code");
      await page.close(sender.page, receiver, second);
    },
  },
  {
    name: "who declines gets nothing, and the sender is told",
    async run({ browsers, server, files }) {
      const chromium = await browsers.get("Chromium");
      const sender = await page.openSender(chromium, server.url, [files.small.path]);
      const receiver = await page.openReceiver(chromium, server.url, sender.code);
      await page.expectStep(receiver, "#save-downloads");
      await receiver.locator("button ::-p-text(No, thanks)").click();
      await page.expectProblem(sender.page, "declined");
      await sender.page.bringToFront(); // A page that nobody sees draws nothing to click on.
      await sender.page.locator("button ::-p-text(Try again)").click();
      const isAnother = (code) => document.querySelector("#the-code")?.textContent !== code;
      await sender.page.waitForFunction(isAnother, { timeout: 10_000 }, sender.code);
      const code = await page.text(sender.page, "#the-code");
      const again = await page.openReceiver(chromium, server.url, code);
      await page.expectStep(again, "#save-downloads");
      await page.close(sender.page, receiver, again);
    },
  },
  {
    name: "the server dies in the middle of a transfer, which goes on",
    async run({ browsers, newServer, files }) {
      const server = await newServer();
      const chromium = await browsers.get("Chromium");
      const firefox = await browsers.get("Firefox");
      await rm(chromium.downloads, { recursive: true, force: true });
      const file = await files.fresh(40 * MIB);
      const sender = await page.openSender(firefox, server.url, [file.path]);
      const receiver = await page.openReceiver(chromium, server.url, sender.code);
      await page.accept(receiver);
      await page.underway(receiver);
      await (server.kill ?? server.stop)();
      await page.expectTitle(sender.page, "All there");
      equal(await page.downloaded(chromium, file.name, file.size), file.hash, "the hash");
      await page.close(sender.page, receiver);
    },
  },
  {
    name: "a server that comes back gets a new code, which works",
    async run({ browsers, dist, files }) {
      const chromium = await browsers.get("Chromium");
      const first = await startStandIn({ dist });
      const sender = await page.openSender(chromium, first.url, [files.small.path]);
      first.stop();
      await page.expectProblem(sender.page, "no-server");
      const second = await startStandIn({ dist, port: first.port });
      try {
        const isBack = () => document.querySelector("#the-code")?.checkVisibility();
        await sender.page.waitForFunction(isBack, { timeout: 30_000, polling: 100 });
        const code = await page.text(sender.page, "#the-code");
        isTrue(code !== sender.code, "the code is another");
        const receiver = await page.openReceiver(await browsers.get("Firefox"), second.url, code);
        await page.expectStep(receiver, "#save-downloads");
        await page.close(sender.page, receiver);
      } finally {
        second.stop();
      }
    },
  },
  {
    name: "a server that is not Yodel's is told apart",
    async run({ browsers, dist }) {
      const server = await startStandIn({ dist, hello: { type: "welcome" } });
      const receiver = await page.openReceiver(await browsers.get("Firefox"), server.url, "7-amber-falcon");
      try {
        await page.expectProblem(receiver, "not-yodel");
        await page.close(receiver);
      } finally {
        server.stop();
      }
    },
  },
  {
    name: "a receiver that reloads goes on where it stopped",
    async run({ browsers, server, files }) {
      const chromium = await browsers.get("Chromium");
      const firefox = await browsers.get("Firefox");
      await rm(firefox.downloads, { recursive: true, force: true });
      const file = await files.fresh(40 * MIB);
      const sender = await page.openSender(chromium, server.url, [file.path]);
      const receiver = await page.openReceiver(firefox, server.url, sender.code);
      await page.accept(receiver);
      await page.underway(receiver);
      await page.close(receiver);
      await page.expectProblem(sender.page, "connection-lost", 60_000);
      const again = await page.openReceiver(firefox, server.url, sender.code);
      await page.accept(again);
      const first = await again.waitForFunction(
        () => document.querySelector("progress.overall")?.value || false,
        { timeout: 60_000, polling: 10 },
      );
      isTrue((await first.jsonValue()) > 0.05, "it begins with what is there");
      await page.expectTitle(again, "Received");
      equal(await page.downloaded(firefox, file.name, file.size), file.hash, "the hash");
      await page.close(sender.page, again);
    },
  },
];
