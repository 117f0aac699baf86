// The doctor in a browser: what this browser finds of its network, and whether the server's relays carry
// data. `yodel doctor` looks at more than a page can; names and verdicts are the same.
//
// Each relay is tried by two peer connections of this page that may use nothing else, with a message
// each way. Everything that a server says is bounded, timed, and shown as text.

import { Signaling, signalUrl } from "./signaling.ts";

const HELLO_MS = 6000;
const GATHER_MS = 6000;
const RELAY_MS = 12_000;
const URLS_MAX = 8;
const WORD = "yodel";

export type Verdict = "ok" | "warn" | "fail";

export interface Finding {
  check: string;
  verdict: Verdict;
  detail: string;
  fix: string; // "" where nothing is to be done.
}

const ok = (check: string, detail: string): Finding => ({ check, verdict: "ok", detail, fix: "" });
const warn = (check: string, detail: string, fix: string): Finding => ({ check, verdict: "warn", detail, fix });
const fail = (check: string, detail: string, fix: string): Finding => ({ check, verdict: "fail", detail, fix });

// ---- servers

export interface OneServer {
  url: string;
  kind: "stun" | "turn-udp" | "turn-tcp" | "turn-tls";
  server: RTCIceServer; // With this URL alone.
}

// Each URL by itself, so that each is judged by itself.
export function serversOf(list: RTCIceServer[]): OneServer[] {
  const all: OneServer[] = [];
  for (const server of list) {
    for (const url of [server.urls].flat()) {
      const isTcp = /[?&]transport=tcp\b/.test(url);
      const kind = /^stuns?:/.test(url) ? "stun" : /^turns:/.test(url) ? "turn-tls" : isTcp ? "turn-tcp" : "turn-udp";
      if (all.length < URLS_MAX) all.push({ url, kind, server: { ...server, urls: [url] } });
    }
  }
  return all;
}

export function portOf(url: string): string {
  const port = /:(\d+)(?:\?|$)/.exec(url)?.[1];
  return port ?? (/^(turns|stuns):/.test(url) ? "5349" : "3478");
}

// Whether it names its host by an address.
export function isByAddress(url: string): boolean {
  return /^\w+:(\[|[\d.]+(:|\?|$))/.test(url);
}

// ---- candidates

export interface Candidate {
  type: string;
  address: string;
}

// Of a candidate line, its address and its type; undefined for what is none.
export function candidateOf(line: string): Candidate | undefined {
  const parts = line.trim().split(/\s+/, 12);
  const at = parts.indexOf("typ");
  const address = parts[4];
  const type = parts[at + 1];
  return at === 6 && address && type ? { address, type } : undefined;
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

interface Gathered {
  candidates: Candidate[];
  errors: { url: string; code: number }[];
}

async function gather(iceServers: RTCIceServer[]): Promise<Gathered> {
  const peer = new RTCPeerConnection({ iceServers });
  const found: Gathered = { candidates: [], errors: [] };
  const done = new Promise<void>((resolve) => {
    peer.onicecandidate = ({ candidate }) => {
      if (!candidate?.candidate) return candidate ? undefined : resolve();
      const one = candidateOf(candidate.candidate);
      if (one) found.candidates.push(one);
    };
    peer.onicecandidateerror = ({ url, errorCode }) => found.errors.push({ url: url ?? "", code: errorCode });
  });
  try {
    peer.createDataChannel("doctor");
    await peer.setLocalDescription();
    await Promise.race([done, wait(GATHER_MS)]);
  } finally {
    peer.close();
  }
  return found;
}

export function judgeHosts(candidates: Candidate[]): Finding[] {
  const hosts = candidates.filter((one) => one.type === "host").map((one) => one.address);
  const names = hosts.filter((address) => address.endsWith(".local"));
  const addresses = [...new Set(hosts.filter((address) => !address.endsWith(".local")))];
  const findings: Finding[] = [];
  if (hosts.length === 0) {
    findings.push(
      fail("interfaces", "This browser offers no address of its own.", "Allow WebRTC in the browser's settings and extensions."),
    );
  } else if (names.length > 0) {
    findings.push(ok("interfaces", "This browser hides its addresses behind names (mDNS), which others in the same network can look up."));
  } else {
    findings.push(ok("interfaces", addresses.slice(0, 6).join(", ")));
  }
  const isV6 = candidates.some((one) => one.address.includes(":") && !/^f[cd]|^fe80/i.test(one.address));
  findings.push(ok("ipv6", isV6 ? "There is a global IPv6 address." : "No global IPv6 address was seen; IPv4 is used."));
  return findings;
}

export function judgeStun(url: string, candidates: Candidate[]): Finding {
  const mapped = [...new Set(candidates.filter((one) => one.type === "srflx").map((one) => one.address))];
  if (mapped.length > 0) return ok("stun", `${url} answers: from outside you are ${mapped.slice(0, 4).join(", ")}.`);
  const hosts = candidates.filter((one) => one.type === "host").map((one) => one.address);
  // A browser leaves out what is the same as its own address, which it may have hidden.
  const fix = `Open UDP ${portOf(url)} in the server's firewall, and out of this network.`;
  return hosts.length > 0
    ? warn("stun", `${url} told no other address: it does not answer, or nothing translates addresses between here and there.`, fix)
    : fail("stun", `${url} does not answer.`, fix);
}

// ---- relays

export interface Carried {
  relayed: string; // "" where there was none.
  roundTrip: number | undefined; // Milliseconds; undefined where nothing came back.
  setUp: number;
  errors: number[];
}

function meet(from: RTCPeerConnection, to: RTCPeerConnection, note: (line: string) => void): void {
  from.onicecandidate = ({ candidate }) => {
    if (!candidate?.candidate) return;
    note(candidate.candidate);
    void to.addIceCandidate(candidate).catch(() => undefined);
  };
}

async function describe(a: RTCPeerConnection, b: RTCPeerConnection): Promise<void> {
  const offer = await a.createOffer();
  // The other first, so that no candidate comes to a peer without a description.
  await b.setRemoteDescription(offer);
  await a.setLocalDescription(offer);
  const answer = await b.createAnswer();
  await a.setRemoteDescription(answer);
  await b.setLocalDescription(answer);
}

// Milliseconds for a word there and back.
function echo(channel: RTCDataChannel, b: RTCPeerConnection): Promise<number> {
  b.ondatachannel = ({ channel: other }) => {
    other.onmessage = ({ data }) => other.send(data as string);
  };
  return new Promise((resolve, reject) => {
    let said = 0;
    channel.onopen = () => {
      said = performance.now();
      channel.send(WORD);
    };
    channel.onmessage = ({ data }) => (data === WORD ? resolve(performance.now() - said) : reject(new Error()));
  });
}

function broken(peer: RTCPeerConnection): Promise<undefined> {
  return new Promise((resolve) => {
    peer.onconnectionstatechange = () => {
      if (peer.connectionState === "failed") resolve(undefined);
    };
  });
}

// The browser has asked its server for a relay, and got none.
function fruitless(peer: RTCPeerConnection, carried: Carried): Promise<undefined> {
  return new Promise((resolve) => {
    peer.onicegatheringstatechange = () => {
      if (peer.iceGatheringState === "complete" && carried.relayed === "") resolve(undefined);
    };
  });
}

export async function carry(server: RTCIceServer): Promise<Carried> {
  const config: RTCConfiguration = { iceServers: [server], iceTransportPolicy: "relay" };
  const carried: Carried = { relayed: "", roundTrip: undefined, setUp: 0, errors: [] };
  const began = performance.now();
  const peers = [new RTCPeerConnection(config), new RTCPeerConnection(config)] as const;
  const [a, b] = peers;
  const note = (line: string) => {
    carried.relayed ||= candidateOf(line)?.address ?? "";
    carried.setUp ||= performance.now() - began;
  };
  try {
    meet(a, b, note);
    meet(b, a, note);
    a.onicecandidateerror = ({ errorCode }) => carried.errors.push(errorCode);
    const echoed = echo(a.createDataChannel("doctor"), b);
    echoed.catch(() => undefined);
    const nothing = fruitless(a, carried);
    await describe(a, b);
    const late = wait(RELAY_MS).then(() => undefined);
    carried.roundTrip = await Promise.race([echoed, broken(a), nothing, late]);
  } catch {
    // What was found so far is what there is to say.
  } finally {
    for (const peer of peers) peer.close();
  }
  return carried;
}

function place({ url, kind }: OneServer): string {
  return `${kind === "turn-udp" ? "UDP" : "TCP"} ${portOf(url)}`;
}

export function judgeRelay(one: OneServer, carried: Carried): Finding {
  const { url, kind } = one;
  if (carried.roundTrip !== undefined) {
    const ms = carried.roundTrip < 10 ? carried.roundTrip.toFixed(1) : carried.roundTrip.toFixed(0);
    return ok(kind, `${url} relays: a message each way, there and back in ${ms} ms.`);
  }
  if (carried.relayed !== "") {
    return fail(
      kind,
      `${url} gives a relayed address (${carried.relayed}), but nothing passes through it.`,
      "On the server: turn-external = its public address; and open the relayed UDP ports in its firewall: turn-ports = MIN-MAX",
    );
  }
  if (carried.errors.includes(401) || carried.errors.includes(441)) {
    return fail(kind, `${url} refuses the credentials.`, "Load this page again for new ones; on the server compare: turn-user = NAME:PASSWORD");
  }
  if (carried.errors.includes(486)) {
    return fail(kind, `${url} gives this user no more relays.`, "On the server: turn-allocations-per-user = N");
  }
  if (carried.errors.includes(508)) return fail(kind, `${url} has no relay left.`, "On the server: turn-ports = MIN-MAX");
  const byName = isByAddress(url) ? " Firefox takes a relay over TLS by its name only: open this page by the server's name." : "";
  const more = kind === "turn-tls" ? ` Its certificate has to be one that this browser trusts.${byName}` : "";
  return fail(kind, `${url} is not reached.`, `Open ${place(one)} in the server's firewall, and out of this network.${more}`);
}

// ---- signaling

interface Hello {
  finding: Finding;
  servers: RTCIceServer[] | undefined;
}

function askSignaling(): Promise<Hello> {
  const began = performance.now();
  return new Promise((resolve) => {
    const end = (hello: Hello) => {
      clearTimeout(timer);
      signaling.stop();
      resolve(hello);
    };
    const lost = (detail: string) =>
      end({
        finding: fail("signaling", detail, "Check that you are online; a proxy before the server has to pass WebSocket on (Upgrade) for /signal"),
        servers: undefined,
      });
    const timer = setTimeout(() => lost("The server says nothing over WebSocket."), HELLO_MS);
    const signaling = new Signaling(signalUrl(document.baseURI), {
      hello: (servers) =>
        end({ finding: ok("signaling", `The server said hello over WebSocket in ${Math.round(performance.now() - began)} ms.`), servers }),
      message: () => undefined,
      down: (problem) => lost(problem.message),
    });
    signaling.start();
  });
}

// ---- all of it

async function examine(one: OneServer): Promise<Finding> {
  if (one.kind === "stun") return judgeStun(one.url, (await gather([one.server])).candidates);
  return judgeRelay(one, await carry(one.server));
}

async function examineHosts(): Promise<Finding[]> {
  return judgeHosts((await gather([])).candidates);
}

async function examineServers(report: (finding: Finding) => void): Promise<void> {
  const { finding, servers } = await askSignaling();
  report(finding);
  if (!servers) return;
  const all = serversOf(servers);
  if (!all.some((one) => one.kind === "stun")) {
    report(warn("stun", "The server offers no STUN.", "On the server, remove the line: udp = off"));
  }
  if (!all.some((one) => one.kind !== "stun")) {
    report(warn("turn", "The server offers no TURN: where no direct way exists, nothing connects.", "On the server, remove the lines: udp = off, turn = off"));
  }
  await Promise.all(all.map(async (one) => report(await examine(one))));
}

// Reports each finding when it is there; ends when all are. Nothing is thrown.
export async function diagnose(report: (finding: Finding) => void): Promise<void> {
  if (typeof RTCPeerConnection !== "function") {
    report(fail("webrtc", "This browser has no WebRTC, or it is switched off.", "Use a current Firefox, Chrome, Edge or Safari; look at the browser's extensions."));
    return;
  }
  const hosts = examineHosts().then((findings) => findings.forEach(report));
  const all = await Promise.allSettled([hosts, examineServers(report)]);
  if (all.some((one) => one.status === "rejected")) {
    report(fail("webrtc", "This browser cannot make connections.", "Look at its settings and extensions for WebRTC."));
  }
}
