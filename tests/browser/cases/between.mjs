// From page to page.

import { equal, isTrue } from "../lib/check.mjs";
import { MIB } from "../lib/files.mjs";
import { address } from "../lib/network.mjs";
import * as page from "../lib/page.mjs";

async function transfer({ browsers, server }, from, to, files) {
  const giver = await browsers.get(from);
  const taker = await browsers.get(to);
  const sender = await page.openSender(giver, server.url, files.map((file) => file.path));
  const receiver = await page.openReceiver(taker, server.url, sender.code);
  await page.accept(receiver);
  await page.expectTitle(sender.page, "All there");
  await page.expectTitle(receiver, "Received");
  for (const file of files) {
    const got = await page.downloaded(taker, file.name, file.size);
    equal(got, file.hash, `the hash of ${file.name}`);
  }
  return { sender: sender.page, receiver };
}

function oneFile(from, to) {
  return {
    name: `${from} sends 100 MiB to ${to}`,
    async run(context) {
      const pages = await transfer(context, from, to, [await context.files.fresh(100 * MIB)]);
      const path = await page.text(pages.sender, ".path");
      // The second where the look-up of the peer's name is late or lost: then the browser hides both ends.
      isTrue(/Direct, (in the local network|from one to the other)/.test(path), `the path in use: ${path}`);
      await page.close(pages.sender, pages.receiver);
    },
  };
}

// As phones in the same network see a server without TLS: browsers keep much from such pages, the
// private file system and the clipboard among it.
function withoutTls(server) {
  return { ...server, url: `http://${address()}:${server.port}/` };
}

export const between = [
  oneFile("Chromium", "Firefox"),
  oneFile("Firefox", "Chromium"),
  oneFile("Chromium", "Chromium 2"),
  ...["Chromium", "Firefox"].map((to) => ({
    name: `a page without TLS is enough for ${to}`,
    async run(context) {
      const server = withoutTls(context.server);
      const from = to === "Firefox" ? "Chromium" : "Firefox";
      const pages = await transfer({ ...context, server }, from, to, [await context.files.fresh(20 * MIB)]);
      equal(await pages.receiver.evaluate(() => isSecureContext), false, "a secure context");
      await page.close(pages.sender, pages.receiver);
    },
  })),
  {
    name: "several files at once, an empty one among them",
    async run(context) {
      const { small, empty } = context.files;
      const pages = await transfer(context, "Firefox", "Chromium", [small, empty, await context.files.fresh(5 * MIB)]);
      await page.close(pages.sender, pages.receiver);
    },
  },
];
