// A server in the middle: it sees and changes everything that the two sides say through it.

import * as page from "../lib/page.mjs";
import { startStandIn } from "../lib/stand-in.mjs";

const foreign = Array(32).fill("EE").join(":");

function swapInPairing(data) {
  return data.pake ? { pake: { ...data.pake, fingerprint: foreign } } : data;
}

function swapInDescription(data) {
  if (!data.description) return data;
  const sdp = data.description.sdp.replace(/(a=fingerprint:sha-256 )\S+/gi, `$1${foreign}`);
  return { description: { ...data.description, sdp } };
}

// Leaves the right one, and adds its own.
function addToDescription(data) {
  if (!data.description) return data;
  const sdp = data.description.sdp.replace(
    /(a=fingerprint:sha-256 \S+\r\n)/i,
    `$1a=fingerprint:sha-256 ${foreign}\r\n`,
  );
  return { description: { ...data.description, sdp } };
}

function refusal(what, meddle, names, problem) {
  return {
    name: `a server that ${what} is refused by ${names[1]}`,
    async run({ browsers, dist, files }) {
      const server = await startStandIn({ dist, meddle });
      try {
        const [giver, taker] = [await browsers.get(names[0]), await browsers.get(names[1])];
        const sender = await page.openSender(giver, server.url, [files.small.path]);
        const receiver = await page.openReceiver(taker, server.url, sender.code);
        await page.expectProblem(receiver, problem);
        await page.expectProblem(sender.page, problem); // Both refuse aloud.
        await page.close(sender.page, receiver);
      } finally {
        server.stop();
      }
    },
  };
}

// No candidate arrives, as behind a firewall that lets only the server through.
function loseCandidates(data) {
  if ("candidate" in data) return { candidate: null };
  if (!data.description) return data;
  const sdp = data.description.sdp.replace(/a=candidate:[^\r\n]*\r\n/g, "");
  return { description: { ...data.description, sdp } };
}

async function expectNoPath({ browsers, dist, files }, names, iceServers, problem) {
  const hello = { type: "hello", protocol: 1, server: "stand-in", id: "x", ice_servers: iceServers };
  const server = await startStandIn({ dist, hello, meddle: loseCandidates });
  try {
    const sender = await page.openSender(await browsers.get(names[0]), server.url, [files.small.path]);
    const receiver = await page.openReceiver(await browsers.get(names[1]), server.url, sender.code);
    await page.expectProblem(receiver, problem, 70_000);
    await page.expectProblem(sender.page, problem, 70_000);
    await page.close(sender.page, receiver);
  } finally {
    server.stop();
  }
}

// Nobody listens at the port that discards.
const silent = [{ urls: ["turn:127.0.0.1:9?transport=tcp"], username: "u", credential: "c" }];

export const middle = [
  {
    name: "where no way is found, the page says whether a relay was missing or silent",
    async run(context) {
      await Promise.all([
        expectNoPath(context, ["Chromium", "Firefox"], [], "no-relay"),
        expectNoPath(context, ["Firefox", "Chromium"], silent, "relay-silent"),
      ]);
    },
  },
  refusal("swaps fingerprints while pairing", swapInPairing, ["Chromium", "Firefox"], "wrong-code"),
  refusal("swaps fingerprints in descriptions", swapInDescription, ["Firefox", "Chromium"], "fingerprint"),
  refusal("swaps fingerprints in descriptions", swapInDescription, ["Chromium", "Firefox"], "fingerprint"),
  refusal("adds a fingerprint to descriptions", addToDescription, ["Chromium", "Chromium"], "fingerprint"),
];
