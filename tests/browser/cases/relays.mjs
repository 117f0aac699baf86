// Through the relay of `yodel serve` alone, over each transport: every file goes from one relay to another.
//
// Signaling tells of one URL only, so that nothing else can be used: a stand-in's. The relay is the real one.

import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { equal, isTrue } from "../lib/check.mjs";
import { MIB } from "../lib/files.mjs";
import { address, lacksName, NAME } from "../lib/network.mjs";
import * as page from "../lib/page.mjs";
import * as program from "../lib/program.mjs";
import { startStandIn } from "../lib/stand-in.mjs";

const SIZE = 3 * MIB;
const USER = { username: "relay", credential: "word" };

// In the page: its connections may use relays only, and it keeps what they say of the one in use.
function onlyRelays() {
  const Native = window.RTCPeerConnection;
  const note = async (peer) => {
    const stats = [...(await peer.getStats()).values()];
    const chosen = stats.find((one) => one.type === "transport")?.selectedCandidatePairId;
    const pair = stats.find((one) => one.type === "candidate-pair" && (one.id === chosen || one.selected));
    const local = stats.find((one) => one.id === pair?.localCandidateId);
    window.relayed = `${local?.candidateType} ${local?.relayProtocol}`;
  };
  window.RTCPeerConnection = class extends Native {
    constructor(config) {
      super({ ...config, iceTransportPolicy: "relay" });
      this.addEventListener("connectionstatechange", () => this.connectionState === "connected" && void note(this));
    }
  };
}

const relayOf = (where) => where.evaluate(() => window.relayed);

// Ends of a transfer. Each says at last how it was relayed.
const inBrowser = (name) => ({
  name,
  async give({ browsers, url }, file) {
    const sender = await page.open(await browsers.get(name), url, onlyRelays);
    const code = await page.offer(sender, [file.path]);
    const end = async () => {
      await page.expectTitle(sender, "All there");
      const relay = await relayOf(sender);
      await page.close(sender);
      return relay;
    };
    return { code, end };
  },
  async take({ browsers, url }, file, code) {
    const taker = await browsers.get(name);
    const receiver = await page.open(taker, `${url}#${code}`, onlyRelays);
    await page.accept(receiver);
    await page.expectTitle(receiver, "Received");
    equal(await page.downloaded(taker, file.name, file.size), file.hash, "the hash");
    const relay = await relayOf(receiver);
    await page.close(receiver);
    return relay;
  },
});

// The program says "Connected (relay (turns:yodel.test:443?transport=tcp))."
async function relayOfProgram(events) {
  const { text } = await events.find("connected");
  const [, scheme, transport] = /\(relay \((turns?):[^?]+\?transport=(udp|tcp)\)\)/.exec(text) ?? [];
  return scheme ? `relay ${scheme === "turns" ? "tls" : transport}` : text;
}

function runProgram({ url, browsers }, verb, args) {
  const env = { ...process.env, SSL_CERT_FILE: browsers.certificate.authority };
  const child = program.start([verb, "--server", url, "--json", "--ice", "relay", ...args], { env });
  return { child, events: new program.Events(child) };
}

const terminal = {
  name: "a terminal",
  async give(place, file) {
    const { child, events } = runProgram(place, "send", [file.path]);
    const { code } = await events.find("code");
    const end = async () => {
      await program.success(child);
      return relayOfProgram(events);
    };
    return { code, end };
  },
  async take(place, file, code) {
    const folder = await mkdtemp(join(place.browsers.home, "relayed-"));
    const { child, events } = runProgram(place, "receive", ["--yes", "--output", folder, code]);
    await program.success(child);
    equal(await page.hashOf(join(folder, file.name)), file.hash, "the hash");
    return relayOfProgram(events);
  },
};

async function transfer(place, transport, from, to) {
  const file = await place.files.fresh(SIZE);
  const { code, end } = await from.give(place, file);
  const relays = await Promise.all([end(), to.take(place, file, code)]);
  for (const relay of relays) equal(relay, `relay ${transport}`, `the way from ${from.name} to ${to.name}`);
}

// Firefox asks no server on the loopback interface, and none over TLS whose name it does not know. TLS is where the page is.
const URLS = {
  udp: ({ udp }) => `turn:${address()}:${udp}?transport=udp`,
  tcp: ({ udp }) => `turn:${address()}:${udp}?transport=tcp`,
  tls: ({ port }) => `turns:${NAME}:${port}?transport=tcp`,
};

function goRound(transport, ring) {
  const names = [...ring, ring[0]].map(({ name }) => name).join(" to ");
  return {
    name: `files go round through relays alone, over ${transport.toUpperCase()}: ${names}`,
    needs: transport === "tls" ? lacksName : undefined,
    async run({ browsers, dist, files, newServer }) {
      const user = `${USER.username}:${USER.credential}`;
      const server = await newServer({ host: address(), certificate: browsers.certificate, args: ["--turn-user", user] });
      const servers = [{ urls: [URLS[transport](server)], ...USER }];
      const hello = { type: "hello", protocol: 1, server: "stand-in", id: "x", ice_servers: servers };
      const signaling = await startStandIn({ dist, hello });
      try {
        const place = { browsers, files, url: signaling.url };
        await Promise.all(ring.map((from, at) => transfer(place, transport, from, ring[(at + 1) % ring.length])));
        const { turn_relayed_bytes_total: bytes, turn_streams_total: streams } = await server.metrics();
        isTrue(bytes >= 2 * ring.length * SIZE, `the server relayed ${bytes} bytes`);
        isTrue(transport === "udp" ? streams === 0 : streams >= 2 * ring.length, `the server took ${streams} streams`);
      } finally {
        signaling.stop();
        await server.stop();
      }
    },
  };
}

const [chromium, firefox] = ["Chromium", "Firefox"].map(inBrowser);

export const relays = [
  goRound("udp", [chromium, firefox, terminal]),
  goRound("tcp", [terminal, firefox, chromium]),
  goRound("tls", [chromium, firefox, terminal]),
];
