// Calls from page to page, with the browsers' own cameras and microphones for tests: a picture that moves, and a beep.

import { readFile } from "node:fs/promises";
import * as path from "node:path";
import { equal, isTrue } from "../lib/check.mjs";
import { address, elsewhere, lacksNetwork } from "../lib/network.mjs";
import * as page from "../lib/page.mjs";
import {
  chat, eventually, expectPicture, expectRemote, expectSound, expectState, join, linkTo, received, room, until,
} from "../lib/call.mjs";

async function call(context, server, names) {
  const url = linkTo(server, room());
  const pages = [];
  for (const name of names) pages.push(await join(await context.browsers.get(name), url));
  for (const where of pages) await expectState(where, "connected");
  return { url, pages };
}

// The charts have values, and the file has them too.
async function expectStatistics(browser, where) {
  await where.bringToFront();
  await where.click("#statistics");
  await until(where, "the charts have no values", () => {
    const texts = [...document.querySelectorAll(".chart-legend")].map((one) => one.textContent);
    return texts.length === 5 && texts.every((text) => /[1-9].* (.bit\/s|ms|lines|a second)|0\.. %/.test(text) && !text.includes("–"));
  });
  await where.click("#save-statistics");
  const file = path.join(browser.downloads, "yodel-call.json");
  const { samples } = JSON.parse(await eventually("no statistics are saved", () => readFile(file, "utf8").catch(() => "")));
  const last = samples.at(-1);
  isTrue(last.sendRate > 0 && last.receiveRate > 0 && last.received.height > 0 && last.received.codec, JSON.stringify(last));
}

// `to` does everything that one can do in a call.
function seesAndHears(from, to, hasScreen) {
  return {
    name: `${from} and ${to} see and hear each other, mute, write and show a screen`,
    async run(context) {
      const { pages } = await call(context, context.server, [from, to]);
      const [there, here] = pages;
      for (const where of pages) {
        await expectPicture(where, where === here ? to : from);
        await expectSound(where, where === here ? to : from);
      }
      if (hasScreen) await expectStatistics(await context.browsers.get(to), here);
      await here.click("#mute");
      await expectRemote(there, "remoteAudio", "muted");
      await eventually("it is heard although it is muted", async () => (await received(there)).level < 0.001);
      await here.click("#camera");
      await expectRemote(there, "remoteVideo", "off");
      await here.click("#screen");
      if (hasScreen) {
        await expectRemote(there, "remoteVideo", "screen");
        await expectPicture(there, "the screen");
        await here.bringToFront();
        await here.click("#screen");
        await expectRemote(there, "remoteVideo", "off");
      } else {
        await page.expectProblem(here, "no-screen");
      }
      await here.click("#camera");
      await here.click("#mute");
      await expectRemote(there, "remoteVideo", "camera");
      await expectPicture(there, "the camera once more");
      await chat(there, here, `<b>grüezi</b> from ${from}`);
      await chat(here, there, `<b>salut</b> from ${to}`);
      equal(await there.$$eval(".chat-log b", (all) => all.length), 0, "markup in the chat");
      await here.click("#leave");
      await expectState(there, "left");
      await page.close(...pages);
    },
  };
}

export const calls = [
  seesAndHears("Chromium", "Chromium", true),
  seesAndHears("Chromium", "Firefox", false),
  {
    name: "a call outlives its server, finds it again when it is back, and is found again by a page that was reloaded",
    async run(context) {
      const server = await context.newServer();
      const { pages } = await call(context, server, ["Firefox", "Chromium"]);
      await server.kill();
      for (const where of pages) await page.expectProblem(where, "server-away");
      for (const where of pages) await expectPicture(where, "without a server");
      const again = await context.newServer({ ports: server });
      for (const where of pages) {
        await until(where, "the server is not found again", () => !document.querySelector(".notice"));
        await expectState(where, "connected");
        equal(await where.evaluate(() => peers.length), 1, "connections");
        await expectPicture(where, "with the server again");
      }
      await pages[0].bringToFront();
      await pages[0].reload({ waitUntil: "load" });
      await expectState(pages[0], "connected");
      await expectState(pages[1], "connected");
      await expectPicture(pages[0], "after a reload");
      await expectPicture(pages[1], "after the other's reload");
      equal(await pages[1].evaluate(() => peers.length), 2, "connections of the one that stayed");
      await page.close(...pages);
      await again.stop();
    },
  },
  {
    name: "who has no camera, no microphone or no TLS is told so, and sees and hears; a third one is told that two are in the call",
    async run(context) {
      const { browsers, server } = context;
      const url = linkTo(server, room());
      const poor = await join(await browsers.get("Chromium 2"), url);
      await page.expectProblem(poor, "no-camera");
      await page.expectProblem(poor, "no-microphone");
      const rich = await join(await browsers.get("Chromium"), url);
      await expectState(poor, "connected");
      await expectPicture(poor, "without a camera");
      await expectSound(poor, "without a microphone");
      await expectRemote(rich, "remoteVideo", "none");
      // Without TLS there are no devices, but there is a call.
      const third = await page.open(await browsers.get("Firefox"), url.replace("127.0.0.1", address()));
      await (await page.expectStep(third, "#open")).click();
      await page.expectProblem(third, "no-tls");
      await third.click("#join");
      await page.expectProblem(third, "room-full");
      await expectState(rich, "connected");
      isTrue((await received(poor)).bytes > 0, "the two go on");
      await page.close(poor, rich, third);
    },
  },
  {
    name: "a call goes on where the network becomes another, with the same connection",
    needs: lacksNetwork,
    async run(context) {
      const { pages } = await call(context, context.server, ["Chromium", "Firefox"]);
      for (const where of pages) await expectPicture(where, "before");
      const frames = () => Promise.all(pages.map(async (where) => (await received(where)).frames));
      await elsewhere(async () => {
        let last = await frames();
        await eventually("pictures come by an address that is gone", async () => {
          const before = last;
          last = await frames();
          return last.every((count, index) => count === before[index]);
        });
        for (const where of pages) {
          await expectState(where, "connected");
          await expectPicture(where, "elsewhere");
          equal(await where.evaluate(() => peers.length), 1, "connections");
        }
      });
      await page.close(...pages);
    },
  },
];
