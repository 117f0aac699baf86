// Other implementations against the library. Two say hello to examples/echo, which answers with what
// it hears, and know nothing of it but SDP; two have a call with us (media.mjs); FFmpeg gets our RTP and gives us
// its own (rtp.mjs).
//
//   werift          ICE, DTLS and SCTP of its own, in TypeScript
//   @roamhq/wrtc    libwebrtc
//   GStreamer       webrtcbin, with libnice, and codecs around it
//   aiortc          all of its own, in Python, with PyAV

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { mediaBothWays } from "./media.mjs";
import { videoBothWays } from "./rtp.mjs";

const ECHO = join(dirname(fileURLToPath(import.meta.url)), "../../build/examples/echo");
const MESSAGES = 40;
const SIZE = 50_000; // Many packets each, and below every default of max-message-size.
const PATIENCE = 20_000;

const within = (promise, what) =>
  Promise.race([
    promise,
    new Promise((_, fail) => setTimeout(() => fail(new Error(`${what}: nothing within 20 s`)), PATIENCE).unref()),
  ]);

// The echo's answer: it reads an offer up to an empty line, and prints the answer as SDP.
function answerOf(offer) {
  const child = spawn(ECHO, [], { stdio: ["pipe", "pipe", "ignore"] });
  const answer = new Promise((done) => {
    let text = "";
    child.stdout.on("data", (piece) => {
      text += piece;
      const from = text.indexOf("v=0");
      const to = text.indexOf("\n\n", from);
      if (from >= 0 && (to > from || /a=end-of-candidates\r?\n/.test(text))) {
        done(`${text.slice(from, to > from ? to : undefined).trimEnd().replace(/\r?\n/g, "\r\n")}\r\n`);
      }
    });
  });
  child.stdin.end(`${offer.trimEnd()}\n\n`);
  return { child, answer };
}

async function gathered(connection) {
  while (connection.iceGatheringState !== "complete") {
    await new Promise((next) => setTimeout(next, 50));
  }
}

async function talk(RTCPeerConnection) {
  const connection = new RTCPeerConnection({ iceServers: [] });
  const channel = connection.createDataChannel("interop");
  const opened = new Promise((done) => {
    channel.onopen = done;
  });
  await connection.setLocalDescription(await connection.createOffer());
  await within(gathered(connection), "gathering");
  const { child, answer } = answerOf(connection.localDescription.sdp);
  try {
    await connection.setRemoteDescription({ type: "answer", sdp: await within(answer, "the answer") });
    await within(opened, "the channel");
    await within(exchange(channel), "the echo");
  } finally {
    await connection.close();
    child.kill();
  }
}

function exchange(channel) {
  const message = randomBytes(SIZE);
  let heard = 0;
  return new Promise((done, fail) => {
    channel.onmessage = ({ data }) => {
      if (!Buffer.from(data).equals(message)) {
        fail(new Error("what came back is something else"));
      } else if (++heard === MESSAGES) {
        done();
      }
    };
    for (let i = 0; i < MESSAGES; i++) {
      channel.send(message);
    }
  });
}

const others = {
  werift: async () => (await import("werift")).RTCPeerConnection,
  libwebrtc: async () => (await import("@roamhq/wrtc")).default.RTCPeerConnection,
};
let passed = 0;
let failed = 0;
async function claim(what, check) {
  try {
    await check();
    console.log(`ok   ${what}`);
    passed++;
  } catch (error) {
    console.log(`FAIL ${what}: ${error.stack}`);
    failed++;
  }
}
for (const [name, load] of Object.entries(others)) {
  await claim(`${name} hears its echo`, async () => talk(await load()));
}
await claim("other implementations of media can be tried", () => mediaBothWays(claim));
await claim("FFmpeg has what it takes", () => videoBothWays(claim));
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
