// Media between the program and the page: `yodel publish`, `play` and `call`.

import { equal, isTrue } from "../lib/check.mjs";
import { chat, eventually, expectNumbers, expectPicture, expectRemote, expectSound, expectState, join, linkTo, room } from "../lib/call.mjs";
import * as page from "../lib/page.mjs";
import * as program from "../lib/program.mjs";

const run = (server, args) => {
  const child = program.start([...args, "--server", server.url, "--json"]);
  return { child, events: new program.Events(child) };
};

// The last statistics, once `test` holds for them.
const figures = (events, what, test) =>
  eventually(what, () => {
    const last = events.last("statistics");
    return last && test(last) ? last : undefined;
  });

function calls(name, isFirst) {
  return {
    name: `\`yodel call\` and ${name} see and hear each other, where ${isFirst ? "the program" : "the page"} is there first`,
    async run({ browsers, server }) {
      const at = room();
      const join_ = async () => join(await browsers.get(name), linkTo(server, at));
      const start = () => run(server, ["call", "--test", "--headless", "--room", at]);
      let where, caller;
      if (isFirst) {
        caller = start();
        await caller.events.find("room");
        where = await join_();
      } else {
        where = await join_();
        caller = start();
      }
      await expectState(where, "connected");
      await expectNumbers(where, name);
      await expectSound(where, name);
      await expectRemote(where, "remoteVideo", "camera");
      const { received } = await figures(caller.events, "nothing is decoded", ({ received }) => {
        const { video, audio } = received ?? {};
        return video?.frames_decoded > 10 && video.width > 0 && audio?.level > 0.001;
      });
      isTrue(received.video.codec && received.audio.codec === "opus", JSON.stringify(received));
      await where.bringToFront();
      await where.click("#chat");
      await where.type("#chat-field", "<b>gr\u00fcezi</b>\n");
      equal((await caller.events.find("chat")).text, "The other side: <b>gr\u00fcezi</b>", "the chat");
      if (isFirst) {
        await where.click("#leave");
        await eventually("that it left is not told", () => /has left/.test(caller.child.said));
        await program.stop(caller.child, "SIGINT");
      } else {
        await program.stop(caller.child, "SIGINT");
        await expectState(where, "left");
      }
      equal(caller.child.exitCode, 130, "the exit code");
      await page.close(where);
    },
  };
}

export const media = [
  {
    name: "what `yodel publish test` shows is seen and heard in Chromium and in Firefox at once",
    async run({ browsers, server }) {
      const name = room();
      const publisher = run(server, ["publish", "test", "--room", name]);
      equal((await publisher.events.find("room")).link, linkTo(server, name), "the link");
      const pages = [];
      for (const browser of ["Chromium", "Firefox"]) pages.push(await join(await browsers.get(browser), linkTo(server, name)));
      for (const where of pages) {
        await expectState(where, "connected");
        await expectNumbers(where, "published");
        await expectSound(where, "published");
      }
      await eventually("both are counted", () => publisher.events.last("statistics")?.peers === 2);
      const { video, audio, rtt_ms } = publisher.events.last("statistics");
      isTrue(video.codec && video.width > 0 && video.bitrate_bps > 0 && audio.codec === "opus" && rtt_ms >= 0, JSON.stringify(video));
      await program.stop(publisher.child, "SIGINT");
      equal(publisher.child.exitCode, 130, "the exit code");
      for (const where of pages) await expectState(where, "left");
      await page.close(...pages);
    },
  },
  {
    name: "`yodel play` decodes what a camera of Firefox sees and a microphone hears, and ends when it is told to",
    async run({ browsers, server }) {
      const name = room();
      const where = await join(await browsers.get("Firefox"), linkTo(server, name));
      const player = run(server, ["play", linkTo(server, name), "--headless", "--duration", "8"]);
      const { video } = await figures(player.events, "nothing is decoded", ({ video }) => video?.frames_decoded > 10 && video.frames_per_second > 0);
      isTrue(video.width > 0 && video.codec, JSON.stringify(video));
      await program.success(player.child, 20_000);
      await expectState(where, "left");
      await page.close(where);
    },
  },
  calls("Chromium", true),
  calls("Firefox", false),
];
