// The path in use: through the local network, straight through the internet, or by a relay.

export interface Path {
  kind: "local" | "direct" | "relay";
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
  /^(10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.|100\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])\.|::1$|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)|\.local$/i;

function addressOf(candidate: Candidate): string {
  return candidate.address ?? candidate.ip ?? "";
}

export function isLocalAddress(address: string): boolean {
  return LOCAL.test(address.replace(/^\[|\]$/g, ""));
}

function show(candidate: Candidate): string {
  const address = addressOf(candidate);
  if (address === "") return "";
  const host = address.includes(":") ? `[${address}]` : address;
  return candidate.port ? `${host}:${candidate.port}` : host;
}

export function classify(local: Candidate, remote: Candidate): Path["kind"] {
  if (local.candidateType === "relay" || remote.candidateType === "relay") return "relay";
  const address = addressOf(remote);
  const isNear = address === "" ? remote.candidateType === "host" : isLocalAddress(address);
  return isNear ? "local" : "direct";
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
  return { kind: classify(local, remote), local: show(local), remote: show(remote) };
}
