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
        await page.close(sender.page, receiver);
      } finally {
        server.stop();
      }
    },
  };
}

export const middle = [
  refusal("swaps fingerprints while pairing", swapInPairing, ["Chromium", "Firefox"], "wrong-code"),
  refusal("swaps fingerprints in descriptions", swapInDescription, ["Firefox", "Chromium"], "fingerprint"),
  refusal("swaps fingerprints in descriptions", swapInDescription, ["Chromium", "Firefox"], "fingerprint"),
  refusal("adds a fingerprint to descriptions", addToDescription, ["Chromium", "Chromium"], "fingerprint"),
];
