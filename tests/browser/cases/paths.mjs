// Which way the bytes take between a terminal and Chromium, and what each tells the other of itself.

import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { equal, isTrue } from "../lib/check.mjs";
import { address } from "../lib/network.mjs";
import { MIB } from "../lib/files.mjs";
import * as page from "../lib/page.mjs";
import * as program from "../lib/program.mjs";

// All UDP but the loopback's and multicast DNS is dropped, in the tests' own network.
const BLOCK = `table inet noudp {
  chain out {
    type filter hook output priority 0;
    ip daddr != 127.0.0.0/8 udp sport != 5353 udp dport != 5353 drop
    ip6 daddr != ::1 udp sport != 5353 udp dport != 5353 drop
  }
}`;

const nft = (rules) => execFileSync("nft", ["-f", "-"], { input: rules });

function lacksOwnNetwork() {
  return process.env.YODEL_IN_NETWORK ? undefined : "a network of its own";
}

// Without a relay as well: Chromium ends its gathering once it is connected, and may not have come to TCP by then.
async function withoutUdp(context, action) {
  const server = await context.newServer({ args: ["--turn", "off"] });
  nft(BLOCK);
  try {
    await action({ ...context, server });
  } finally {
    nft("delete table inet noudp");
  }
}

// In the page: what the other side tells of itself.
function noteCandidates() {
  const Native = window.RTCPeerConnection;
  window.told = [];
  window.RTCPeerConnection = class extends Native {
    addIceCandidate(candidate) {
      if (candidate?.candidate) window.told.push(candidate.candidate);
      return super.addIceCandidate(candidate);
    }
    setRemoteDescription(description) {
      window.told.push(...(description.sdp.match(/^a=candidate:.*$/gm) ?? []));
      return super.setRemoteDescription(description);
    }
  };
}

// The whole transfer to Chromium. Returns the path at its end, and what the page was told and shows.
async function toChromium({ browsers, server, files }, args) {
  const taker = await browsers.get("Chromium");
  await rm(taker.downloads, { recursive: true, force: true });
  const file = await files.fresh(MIB);
  const child = program.start(["send", "--server", server.url, "--json", ...args, file.path]);
  const events = new program.Events(child);
  const { code } = await events.find("code");
  const receiver = await page.open(taker, `${server.url}#${code}`, noteCandidates);
  await page.accept(receiver);
  await page.expectTitle(receiver, "Received");
  equal(await page.downloaded(taker, file.name, file.size), file.hash, "the hash");
  await program.success(child, 20_000);
  const told = await receiver.evaluate(() => window.told);
  const shown = await page.text(receiver, ".path");
  await page.close(receiver);
  return { path: events.last("progress").path, told, shown };
}

export const paths = [
  {
    name: "where UDP is blocked, a terminal sends to Chromium over TCP",
    needs: lacksOwnNetwork,
    run: (context) =>
      withoutUdp(context, async (without) => {
        const { path, shown } = await toChromium(without, []);
        equal(path, "this machine over TCP", "the terminal's path");
        isTrue(shown.includes("over TCP"), `the page says: ${shown}`);
      }),
  },
  {
    name: "where UDP is blocked, Chromium sends to a terminal over TCP",
    needs: lacksOwnNetwork,
    run: (context) =>
      withoutUdp(context, async ({ browsers, server, files }) => {
        const folder = await mkdtemp(join(browsers.home, "received-"));
        const file = await files.fresh(MIB);
        const sender = await page.openSender(await browsers.get("Chromium"), server.url, [file.path]);
        const args = ["receive", "--server", server.url, "--json", "--yes", "--output", folder, sender.code];
        const child = program.start(args);
        const events = new program.Events(child);
        await program.success(child);
        equal(events.last("progress").path, "this machine over TCP", "the terminal's path");
        await page.expectTitle(sender.page, "All there");
        equal(await page.hashOf(join(folder, file.name)), file.hash, "the hash");
        await page.close(sender.page);
      }),
  },
  {
    name: "a terminal that hides its addresses tells Chromium names, and is found by them",
    needs: lacksOwnNetwork,
    async run(context) {
      const open = await toChromium(context, []);
      isTrue(open.told.some((line) => line.includes(address())), `told: ${open.told}`);
      const hidden = await toChromium(context, ["--hide-addresses"]);
      isTrue(hidden.told.some((line) => / [0-9a-f-]{36}\.local \d+ typ host/.test(line)), `told: ${hidden.told}`);
      isTrue(!hidden.told.some((line) => line.includes(address())), `told: ${hidden.told}`);
      equal(hidden.path, "this machine", "the path");
    },
  },
];
