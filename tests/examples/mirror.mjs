// The mirror and its page: encoded pictures and sound of a real browser go through the library and come back.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Browsers } from "../browser/lib/browsers.mjs";
import { equal, isTrue, runAll } from "../browser/lib/check.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

async function answerOf(mirror, offer) {
  mirror.stdin.write(offer);
  let answer = "";
  for await (const text of mirror.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    answer += text;
    if (answer.endsWith("\n\n") || answer.endsWith("\n\r\n")) break;
  }
  return answer;
}

async function start(context, name, codec) {
  const { browser } = await context.browsers.get(name);
  const page = await browser.newPage();
  if (codec) {
    await page.evaluateOnNewDocument((want) => {
      const plain = RTCPeerConnection.prototype.setLocalDescription;
      RTCPeerConnection.prototype.setLocalDescription = function (...args) {
        const codecs = RTCRtpReceiver.getCapabilities("video").codecs;
        const first = codecs.filter(({ mimeType }) => mimeType === want);
        for (const one of this.getTransceivers()) {
          if (one.receiver.track.kind === "video") one.setCodecPreferences([...first, ...codecs.filter((c) => !first.includes(c))]);
        }
        return plain.apply(this, args);
      };
    }, codec);
  }
  await page.goto(`file://${root}examples/mirror.html`);
  await page.waitForSelector("#connect:enabled");
  const mirror = spawn(`${root}build/examples/mirror`, { stdio: ["pipe", "pipe", "inherit"] });
  context.running.push(mirror);
  const answer = await answerOf(mirror, await page.$eval("#offer", (field) => field.value));
  if (process.env.SHOW_SDP) console.log(await page.$eval("#offer", (field) => field.value), answer);
  await page.$eval("#answer", (field, value) => (field.value = value), answer);
  await page.click("#connect");
  await page.waitForFunction(() => document.querySelector("#state").textContent === "connected");
  return { page, mirror, ended: once(mirror, "exit") };
}

// What the page has received so far, by kind.
async function received(page) {
  return page.evaluate(async () => {
    const found = {};
    for (const stats of (await connection.getStats()).values()) {
      if (stats.type === "inbound-rtp") found[stats.kind] = stats;
    }
    return { ...found, width: there.videoWidth, time: there.currentTime };
  });
}

const SECONDS = 5;

async function plays(page) {
  await page.waitForFunction(() => document.querySelector("#there").videoWidth > 0, { timeout: 30_000 });
  const before = await received(page);
  await new Promise((done) => setTimeout(done, SECONDS * 1000));
  const after = await received(page);
  if (process.env.SHOW_STATS) console.log(JSON.stringify(after, null, 1));
  const decoded = after.video.framesDecoded - before.video.framesDecoded;
  isTrue(decoded > 10 * SECONDS, `only ${decoded} pictures in ${SECONDS} s`);
  isTrue(after.time - before.time > SECONDS / 2, `the video stands still: ${before.time}, ${after.time}`);
  const packets = after.audio.packetsReceived - before.audio.packetsReceived;
  isTrue(packets > 30 * SECONDS, `only ${packets} packets of sound in ${SECONDS} s`);
  const concealed = after.audio.concealedSamples - before.audio.concealedSamples;
  const samples = after.audio.totalSamplesReceived - before.audio.totalSamplesReceived;
  isTrue(!(concealed > samples / 5), `${concealed} of ${samples} samples were made up`);
  equal(after.video.packetsLost, 0, "packets of video lost");
  return after;
}

function mirrors(name, codec) {
  return {
    name: `${name} sees itself${codec ? ` in ${codec}` : ""}`,
    async run(context) {
      const { page, ended } = await start(context, name, codec);
      const { video } = await plays(page);
      if (codec) {
        const used = await page.evaluate(async (id) => (await connection.getStats()).get(id).mimeType, video.codecId);
        equal(used, codec, "the codec in use");
      }
      await page.evaluate(() => connection.close());
      equal((await ended)[0], 0, "the mirror's exit code");
      await page.close();
    },
  };
}

const wanted = process.argv.slice(2);
const cases = [
  mirrors("Chromium", "video/VP8"),
  mirrors("Chromium", "video/VP9"),
  mirrors("Chromium", "video/H264"),
  mirrors("Chromium", "video/AV1"),
  mirrors("Firefox"),
].filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
const context = { browsers: new Browsers(), running: [] };
let counts = { passed: 0, failed: ["the tests could not run"] };
try {
  await context.browsers.start();
  counts = await runAll(cases, context, 60_000);
} finally {
  await context.browsers.stop();
  for (const child of context.running) child.kill("SIGKILL");
}
process.exit(counts.failed.length > 0 ? 1 : 0);
