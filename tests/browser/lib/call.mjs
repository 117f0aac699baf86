// What a person does and sees in a call, on the page.

import * as page from "./page.mjs";

const WAIT_MS = 30_000;

export async function until(where, what, test, ...args) {
  await where.waitForFunction(test, { timeout: WAIT_MS, polling: 100 }, ...args).catch(async () => {
    throw new Error(`${what}: ${await page.text(where, "main")}`);
  });
}

// Every connection of a page, so that a case can ask it what has come.
function keepPeers() {
  globalThis.peers = [];
  globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(config) {
      super(config);
      globalThis.peers.push(this);
    }
  };
}

export const room = () => `room-${Math.random().toString(36).slice(2)}`;
export const linkTo = (server, name) => `${server.url}#call=${name}`;

// As a person does: look, allow, join.
export async function join(browser, url) {
  const where = await page.open(browser, url, keepPeers);
  await where.bringToFront();
  await page.expectStep(where, "#join");
  await where.evaluate(() => document.querySelector("#open")?.click()); // A page that may already has opened them itself.
  await where.waitForSelector("#open", { hidden: true, timeout: WAIT_MS });
  await where.click("#join");
  return where;
}

export const expectState = (where, state) =>
  until(where, `the state is not ${state}`, (want) => document.querySelector(".stage")?.dataset.state === want, state);

// What has come by the newest connection.
export const received = (where) =>
  where.evaluate(async () => {
    const found = { frames: 0, level: 0, packets: 0, bytes: 0 };
    for (const stat of (await peers.at(-1).getStats()).values()) {
      if (stat.type !== "inbound-rtp") continue;
      found.bytes += stat.bytesReceived;
      if (stat.kind === "video") found.frames = stat.framesDecoded ?? 0;
      else Object.assign(found, { level: stat.audioLevel ?? 0, packets: stat.packetsReceived });
    }
    return found;
  });

export async function eventually(what, test) {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    const found = await test();
    if (found) return found;
    if (Date.now() > end) throw new Error(what);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

// Pictures come, and more of them, and they are not black.
export async function expectPicture(where, what) {
  await where.bringToFront(); // A page that nobody sees draws nothing.
  const before = (await received(where)).frames;
  await eventually(`${what}: no pictures come`, async () => (await received(where)).frames > before + 5);
  await until(where, `${what}: the picture is black`, () => {
    const canvas = new OffscreenCanvas(64, 36);
    const context = canvas.getContext("2d");
    context.drawImage(document.querySelector(".theirs"), 0, 0, 64, 36);
    const { data } = context.getImageData(0, 0, 64, 36);
    return data.reduce((all, value, index) => all + (index % 4 === 3 ? 0 : value), 0) / (64 * 36 * 3) > 5;
  });
}

export const expectSound = (where, what) => eventually(`${what}: no sound comes`, async () => (await received(where)).level > 0.001);

export async function expectRemote(where, member, want) {
  await until(where, `${member} is not ${want}`, (name, value) => document.querySelector(".stage").dataset[name] === value, member, want);
}

export async function chat(from, to, words) {
  await from.bringToFront();
  if (!(await from.$("#chat[aria-expanded=true]"))) await from.click("#chat");
  await from.type("#chat-field", `${words}\n`);
  await until(to, "the message does not come", (text) => document.querySelector(".chat-log").textContent.includes(text), words);
}

// The number of the test's picture that is shown, as src/media/pattern.h has it: 16 columns and 2 rows of black and white in its upper
// quarter. Undefined while none can be read for sure.
export const shownNumber = (where) =>
  where.evaluate(() => {
    const video = document.querySelector(".theirs");
    if (!video?.videoWidth) return undefined;
    const canvas = new OffscreenCanvas(160, 90);
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0, 160, 90);
    let bits = "";
    for (let bit = 0; bit < 32; bit++) {
      const [data] = [context.getImageData((bit % 16) * 10 + 4, Math.floor(bit / 16) * 11 + 5, 1, 1).data];
      const bright = (data[0] + data[1] + data[2]) / 3;
      if (bright > 96 && bright < 160) return undefined;
      bits += bright >= 160 ? "1" : "0";
    }
    return Number.parseInt(bits.slice(0, 24), 2);
  });

// Numbered pictures come, one after the other.
export async function expectNumbers(where, what) {
  await where.bringToFront();
  const first = await eventually(`${what}: no number is shown`, () => shownNumber(where));
  await eventually(`${what}: no later number is shown`, async () => {
    const number = await shownNumber(where);
    return number !== undefined && number > first && number < first + 3000;
  });
}
