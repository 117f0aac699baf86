// What does a NAT do? The question of RFC 5780, with plain UDP sockets that know nothing of STUN or of Yodel.
//
//   probe.mjs serve A A2 …           answers on two ports of each address, and on TCP, until it is killed
//   probe.mjs ask A A2 …             asks two addresses of the server's, and prints as JSON what it found; also of more pairs
//
// A question is the index of the socket that is to answer (0: the one asked; +1: its other port; +2: the other address);
// the answer is the address and port that the question came from.

import dgram from "node:dgram";
import net from "node:net";
import { EI, AD, APD } from "./nats.mjs";

const PORTS = [9001, 9002];
const TCP_PORTS = [443, 3478];
const PATIENCE_MS = 1500; // For an answer that should come.
const SILENCE_MS = 150; // After an answer that came a longer way: what has not come by now was held back.

function bind(address, port) {
  const socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4");
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(port, address, () => resolve(socket));
  });
}

async function serve(addresses) {
  for (let i = 0; i < addresses.length; i += 2) {
    const pair = addresses.slice(i, i + 2);
    const sockets = await Promise.all(pair.flatMap((addr) => PORTS.map((port) => bind(addr, port))));
    for (const [asked, socket] of sockets.entries()) {
      socket.on("message", (data, from) => {
        sockets[asked ^ Number(String(data))]?.send(`${from.address} ${from.port}`, from.port, from.address);
      });
    }
    for (const port of TCP_PORTS) net.createServer((socket) => socket.end("hello")).listen(port, pair[0]);
  }
  console.log("ready");
}

class Asker {
  heard = []; // Each {text, from, port}.

  constructor(address) {
    this.socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4");
    this.socket.on("error", () => {});
    this.socket.on("message", (data, from) => {
      this.heard.push({ text: String(data), from: from.address, port: from.port });
      this.wake?.();
    });
  }

  tell(question, address, port) {
    this.socket.send(String(question), port, address, () => {});
  }

  // Waits for something from there; undefined if nothing comes.
  async hear(address, port, ms = PATIENCE_MS) {
    const end = Date.now() + ms;
    for (;;) {
      const found = this.heard.find((one) => one.from === address && one.port === port);
      if (found || Date.now() >= end) return found?.text;
      await new Promise((resolve) => {
        this.wake = resolve;
        setTimeout(resolve, end - Date.now());
      });
    }
  }

  async ask(address, port) {
    this.tell(0, address, port);
    return this.hear(address, port);
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function mappingOf(a, a2) {
  const asker = new Asker(a);
  const first = await asker.ask(a, PORTS[0]);
  if (!first) return {};
  const otherPort = await asker.ask(a, PORTS[1]);
  const otherAddress = await asker.ask(a2, PORTS[0]);
  const local = asker.socket.address();
  asker.socket.close();
  const mapping = first === otherAddress ? EI : first === otherPort ? AD : APD;
  return { mapping, keepsPort: Number(first.split(" ")[1]) === local.port, address: first.split(" ")[0] };
}

async function filteringOf(a, a2) {
  const asker = new Asker(a);
  await asker.ask(a, PORTS[0]);
  asker.heard = [];
  asker.tell(1, a, PORTS[0]);
  asker.tell(2, a, PORTS[0]);
  asker.tell(0, a, PORTS[0]);
  await asker.hear(a, PORTS[0]);
  await pause(SILENCE_MS);
  const hears = (address, port) => asker.heard.some((one) => one.from === address && one.port === port);
  asker.socket.close();
  return hears(a2, PORTS[0]) ? EI : hears(a, PORTS[1]) ? AD : APD;
}

// Two sockets of one machine, by their addresses outside.
async function hairpins(a) {
  const [one, other] = [new Asker(a), new Asker(a)];
  const [oneText, otherText] = [await one.ask(a, PORTS[0]), await other.ask(a, PORTS[0])];
  const [address, port] = otherText.split(" ");
  const [oneAddress, onePort] = oneText.split(" ");
  other.tell("open", oneAddress, Number(onePort));
  await pause(SILENCE_MS);
  one.tell("hello", address, Number(port));
  await pause(SILENCE_MS);
  const heard = other.heard.some((each) => each.text === "hello");
  one.socket.close();
  other.socket.close();
  return heard;
}

function connects(address, port) {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port, timeout: PATIENCE_MS });
    const end = (is) => () => {
      socket.destroy();
      resolve(is);
    };
    socket.once("data", end(true));
    socket.once("error", end(false));
    socket.once("timeout", end(false));
  });
}

async function ask(a, a2) {
  const [tcp, { mapping, ...rest }] = await Promise.all([
    Promise.all(TCP_PORTS.map((port) => connects(a, port))),
    mappingOf(a, a2),
  ]);
  const found = { tcp: TCP_PORTS.filter((_, i) => tcp[i]) };
  if (mapping) found.udp = { mapping, filtering: await filteringOf(a, a2), hairpins: await hairpins(a), ...rest };
  return found;
}

const [role, ...addresses] = process.argv.slice(2);
if (role === "serve") {
  await serve(addresses);
} else {
  const pairs = addresses.filter((_, i) => i % 2 === 0).map((a, i) => ask(a, addresses[2 * i + 1]));
  console.log(JSON.stringify(await Promise.all(pairs)));
  process.exit(0);
}
