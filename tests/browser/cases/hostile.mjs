// Names and messages that mean harm: shown as text, saved under mended names.

import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { WebSocket } from "ws";
import { equal, isTrue } from "../lib/check.mjs";
import * as page from "../lib/page.mjs";

const names = [
  "<img src=x onerror=window.hurt=1>.txt",
  "<script>window.hurt=1<\u2215script>.txt",
  '"><svg onload=window.hurt=1>.txt',
  "javascript:window.hurt=1.txt",
  "photo\u202Etxt.exe",
  "{{constructor.constructor('window.hurt=1')()}}.txt",
  "new\nline.txt",
  "con.txt",
  "%2e%2e%2fescape.txt",
];

// Pairs under a number, hears the sender's confirmation, which is enough to check a guess, and is
// gone without a word. The share is a point of the curve (docs/SPAKE2.md), made for other words.
function guessAndLeave(url, number) {
  const share =
    "048ed8a1a34e62f6ae9ea493118c85addad3cb644210a40b9548c6a1ec3c3fdd47" +
    "28708c7519bdf33698257393270efbb8acb1f102c323e249aea5b3dc03f8ec76";
  const fingerprint = Array(32).fill("EE").join(":");
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(new URL("signal", url.replace("http", "ws")), "yodel.signal.1");
    const say = (message) => socket.send(JSON.stringify(message));
    socket.on("error", reject);
    socket.on("close", resolve);
    socket.on("message", (text) => {
      const { type, peer, data } = JSON.parse(text);
      if (type === "hello") say({ type: "use-code", number });
      if (type === "error") reject(new Error(`the server says ${text}`));
      if (type === "paired") {
        say({ type: "signal", to: peer, data: { pake: { version: 1, share, fingerprint } } });
      }
      if (data?.confirm) socket.close();
    });
  });
}

export const hostile = [
  {
    name: "a guesser who leaves after the sender's confirmation has used up the code",
    async run({ browsers, server, files }) {
      const sender = await page.openSender(await browsers.get("Firefox"), server.url, [files.small.path]);
      await guessAndLeave(server.url, Number(sender.code.split("-")[0]));
      await page.expectProblem(sender.page, "wrong-code");
      isTrue((await page.text(sender.page, "#the-code")) !== sender.code, "the code is another");
      await page.close(sender.page);
    },
  },
  {
    name: "hostile names are text to the page, and harmless in the downloads",
    async run({ browsers, server, files }) {
      const chromium = await browsers.get("Chromium");
      const firefox = await browsers.get("Firefox");
      const folder = join(files.folder, "hostile");
      await rm(firefox.downloads, { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
      for (const name of names) await writeFile(join(folder, name), "harm\n");
      const paths = names.map((name) => join(folder, name));
      const sender = await page.openSender(chromium, server.url, paths);
      const receiver = await page.openReceiver(firefox, server.url, sender.code);
      await page.accept(receiver);
      await page.expectTitle(receiver, "Received");
      for (const one of [sender.page, receiver]) {
        equal(await one.evaluate(() => window.hurt ?? "unhurt"), "unhurt", "the page");
        equal(await one.$$eval("main img, main script, main svg [onload]", (found) => found.length), 0, "foreign elements");
        equal(await one.$$eval(".files li", (rows) => rows.length), names.length, "the rows");
      }
      for (let tries = 0; tries < 100; tries++) {
        const saved = await readdir(firefox.downloads).catch(() => []);
        if (saved.filter((name) => !name.endsWith(".part")).length >= names.length) break;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      const saved = await readdir(firefox.downloads);
      equal(saved.length, names.length, `the downloads (${saved.join(" | ")})`);
      for (const name of saved) isTrue(!/[\u0000-\u001f\u202e<>:"/\\]/.test(name), `a name: ${name}`);
      await page.close(sender.page, receiver);
    },
  },
  {
    name: "a sender that lies about paths and sizes is stopped",
    async run({ browsers, server, files }) {
      const chromium = await browsers.get("Chromium");
      await rm(chromium.downloads, { recursive: true, force: true });
      // The page is honest; what it says is changed on the way out.
      const lie = () => {
        const { send } = RTCDataChannel.prototype;
        RTCDataChannel.prototype.send = function (data) {
          const said =
            typeof data === "string"
              ? data.replace('"path":"small.bin"', '"path":"../../escape.bin"').replace('"size":1234', '"size":1000')
              : data;
          return send.call(this, said);
        };
      };
      const liar = await page.open(chromium, server.url, lie);
      const code = await page.offer(liar, [files.small.path]);
      const receiver = await page.openReceiver(chromium, server.url, code);
      await page.expectStep(receiver, "#save-downloads");
      equal(await page.text(receiver, ".files .name"), "escape.bin", "the name that is shown");
      await page.accept(receiver);
      await page.expectProblem(receiver, "too-large");
      await page.expectProblem(liar, "too-large");
      equal((await readdir(chromium.downloads).catch(() => [])).length, 0, "the downloads");
      await page.close(liar, receiver);
    },
  },
];
