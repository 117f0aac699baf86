// DTLS fingerprints: our own, and those in a description.
//
// Implements  RFC 8122 §5 (a=fingerprint), with SHA-256 as the only hash

const FORM = /^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/;

export function isFingerprint(text: string): boolean {
  return FORM.test(text);
}

// Every fingerprint in a description, upper-case, or undefined where one of them is not SHA-256 or
// has a wrong form: a second hash would be a second identity.
export function fingerprintsOf(sdp: string): string[] | undefined {
  const found: string[] = [];
  for (const line of sdp.split(/\r\n|\r|\n/)) {
    if (!/^a=fingerprint:/i.test(line)) continue;
    const [hash, value] = line.slice("a=fingerprint:".length).trim().split(/\s+/);
    const upper = value?.toUpperCase() ?? "";
    if (hash?.toLowerCase() !== "sha-256" || !isFingerprint(upper)) return undefined;
    found.push(upper);
  }
  return found;
}

// True when the description names `fingerprint` and no other.
export function isOnlyFingerprint(sdp: string, fingerprint: string): boolean {
  const found = fingerprintsOf(sdp);
  return !!found && found.length > 0 && found.every((one) => one === fingerprint);
}

export async function makeCertificate(): Promise<RTCCertificate> {
  return RTCPeerConnection.generateCertificate({
    name: "ECDSA",
    namedCurve: "P-256",
  } as EcKeyGenParams);
}

// Our own fingerprint. Firefox has no getFingerprints: there an offer that nobody sees says it.
export async function fingerprintOf(certificate: RTCCertificate): Promise<string> {
  const direct = certificate.getFingerprints?.().find((one) => one.algorithm === "sha-256")?.value;
  if (direct) return direct.toUpperCase();
  const peer = new RTCPeerConnection({ certificates: [certificate] });
  try {
    peer.createDataChannel("fingerprint");
    const offer = await peer.createOffer();
    const found = fingerprintsOf(offer.sdp ?? "")?.[0];
    if (!found) throw new Error("the browser does not tell its own fingerprint");
    return found;
  } finally {
    peer.close();
  }
}
