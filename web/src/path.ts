// The path in use: through the local network, straight through the internet, or by a relay.

export interface Path {
  kind: "local" | "internet" | "direct" | "relay"; // Direct: over which network is not known.
  isTcp: boolean; // Straight, over TCP: UDP is blocked.
  local: string; // Addresses, as far as the browser tells them.
  remote: string;
}

interface Candidate {
  candidateType?: string;
  address?: string | null;
  ip?: string;
  port?: number;
  protocol?: string;
}

const LOCAL =
  /^(10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.|::1$|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)/i;

// Browsers hide addresses that the page has not been told: with nothing, a name, or a word.
function addressOf(candidate: Candidate): string {
  const address = candidate.address ?? candidate.ip ?? "";
  return /^[0-9a-f.:]+$/i.test(address) ? address : "";
}

export function isLocalAddress(address: string): boolean {
  return LOCAL.test(address);
}

function show(candidate: Candidate): string {
  const address = addressOf(candidate);
  if (address === "") return "";
  const host = address.includes(":") ? `[${address}]` : address;
  return candidate.port ? `${host}:${candidate.port}` : host;
}

interface Told {
  type: string;
  address: string;
  port: number;
}

function toldIn(sdp: string): Told[] {
  const lines = sdp.matchAll(/^a=candidate:\S+ \d+ \S+ \d+ (\S+) (\d+) typ (\S+)/gm);
  return [...lines].map(([, address = "", port, type = ""]) => ({ type, address, port: Number(port) }));
}

// Whether an address that is hidden is one's own, and not one that a translator gave: that is known of a candidate that its
// owner has told of, and by what a server in the same network saw of it.
function isOwn(candidate: Candidate, told: Told[]): boolean {
  const same = told.filter(({ port }) => port === (candidate.port ?? 0));
  const isUntranslated = ({ type, address }: Told) => type === "host" || (type === "srflx" && isLocalAddress(address));
  return candidate.candidateType === "host" || (same.length > 0 && same.every(isUntranslated));
}

// `theirs` is the remote description with the candidates that the peer has told us, `ours` the local one.
export function classify(local: Candidate, remote: Candidate, theirs: string, ours = ""): Path["kind"] {
  if (local.candidateType === "relay" || remote.candidateType === "relay") return "relay";
  const told = toldIn(theirs);
  const isIn = (wanted: string) => told.some(({ type, port }) => type === wanted && port === (remote.port ?? 0));
  // A check that came before the peer's candidate makes its relay look like somebody new.
  if (isIn("relay") && !isIn("host") && !isIn("srflx")) return "relay";
  const address = addressOf(remote);
  if (address !== "") return isLocalAddress(address) ? "local" : "internet";
  if (remote.candidateType === "host") return "local";
  return isOwn(remote, told) && isOwn(local, toldIn(ours)) ? "local" : "direct";
}

export async function findPath(peer: RTCPeerConnection): Promise<Path | undefined> {
  type Stat = { type: string; [member: string]: unknown };
  const stats = new Map<string, Stat>();
  (await peer.getStats()).forEach((stat: Stat, id: string) => stats.set(id, stat));
  let pair: Stat | undefined;
  for (const stat of stats.values()) {
    if (stat.type === "transport" && typeof stat["selectedCandidatePairId"] === "string") {
      pair = stats.get(stat["selectedCandidatePairId"]);
    }
  }
  // Firefox has no transport statistics; it marks the pair.
  pair ??= [...stats.values()].find((stat) => stat.type === "candidate-pair" && stat["selected"]);
  const local = stats.get(String(pair?.["localCandidateId"])) as Candidate | undefined;
  const remote = stats.get(String(pair?.["remoteCandidateId"])) as Candidate | undefined;
  if (!local || !remote) return undefined;
  const kind = classify(local, remote, peer.remoteDescription?.sdp ?? "", peer.localDescription?.sdp);
  const isTcp = kind !== "relay" && local.protocol === "tcp";
  return { kind, isTcp, local: show(local), remote: show(remote) };
}
