// What getStats says (W3C webrtc-stats), once a second, as a few numbers that mean the same in every browser.

const SAMPLES_MAX = 3600; // An hour.

export type Stat = { type: string; [member: string]: unknown };

interface Picture {
  codec?: string | undefined;
  audioCodec?: string | undefined;
  width?: number | undefined;
  height?: number | undefined;
  rate?: number | undefined; // Pictures a second.
  limit?: string | undefined; // What keeps it from being better: "cpu", "bandwidth".
}

export interface Sample {
  at: number; // Milliseconds since 1970.
  path: string;
  sendRate?: number | undefined; // Bits a second.
  receiveRate?: number | undefined;
  sendLoss?: number | undefined; // Shares of packets in the last second, 0 to 1.
  receiveLoss?: number | undefined;
  roundTrip?: number | undefined; // Milliseconds.
  jitter?: number | undefined;
  audioLevel?: number | undefined; // Of what is heard, 0 to 1.
  sent: Picture;
  received: Picture;
}

function numberOf(stat: Stat | undefined, member: string): number | undefined {
  const value = stat?.[member];
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function textOf(stat: Stat | undefined, member: string): string | undefined {
  const value = stat?.[member];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function sum(stats: Stat[], ...members: string[]): number {
  return stats.reduce((all, stat) => all + members.reduce((of, member) => of + (numberOf(stat, member) ?? 0), 0), 0);
}

function most(stats: Stat[], member: string): number | undefined {
  const values = stats.map((stat) => numberOf(stat, member)).filter((value) => value !== undefined);
  return values.length > 0 ? Math.max(...values) : undefined;
}

function seconds(value: number | undefined): number | undefined {
  return value === undefined ? undefined : value * 1000;
}

interface Totals {
  at: number;
  sent: number;
  received: number;
  packets: number;
  lost: number;
}

function totalsOf(outgoing: Stat[], incoming: Stat[], at: number): Totals {
  return {
    at,
    sent: sum(outgoing, "bytesSent", "headerBytesSent"),
    received: sum(incoming, "bytesReceived", "headerBytesReceived"),
    packets: sum(incoming, "packetsReceived"),
    lost: sum(incoming, "packetsLost"),
  };
}

// The pair in use. Firefox has no transport statistics; it marks the pair.
function pairOf(stats: Stat[]): Stat | undefined {
  const id = textOf(stats.find((stat) => stat.type === "transport"), "selectedCandidatePairId");
  const pairs = stats.filter((stat) => stat.type === "candidate-pair");
  return pairs.find((pair) => (id ? pair["id"] === id : pair["selected"] || pair["nominated"]));
}

function pictureOf(stats: Stat[], streams: Stat[]): Picture {
  const of = (kind: string) => streams.find((stream) => stream["kind"] === kind);
  const codecOf = (stream: Stat | undefined) =>
    textOf(stats.find((stat) => stat.type === "codec" && stat["id"] === stream?.["codecId"]), "mimeType")?.replace(/^\w+\//, "");
  const video = of("video");
  const limit = textOf(video, "qualityLimitationReason");
  return {
    codec: codecOf(video),
    audioCodec: codecOf(of("audio")),
    width: numberOf(video, "frameWidth"),
    height: numberOf(video, "frameHeight"),
    rate: numberOf(video, "framesPerSecond"),
    limit: limit === "none" ? undefined : limit,
  };
}

export class Statistics {
  #before: Totals | undefined;
  readonly samples: Sample[] = [];

  // Another connection, whose totals begin at nothing.
  restart(): void {
    this.#before = undefined;
  }

  add(stats: Stat[], at: number, path: string): Sample {
    const of = (type: string) => stats.filter((stat) => stat.type === type);
    const [outgoing, incoming, reported] = [of("outbound-rtp"), of("inbound-rtp"), of("remote-inbound-rtp")];
    const totals = totalsOf(outgoing, incoming, at);
    const roundTrip = numberOf(pairOf(stats), "currentRoundTripTime") ?? most(reported, "roundTripTime");
    const sample: Sample = {
      at,
      path,
      sendLoss: most(reported, "fractionLost"),
      roundTrip: seconds(roundTrip),
      jitter: seconds(most(incoming, "jitter")),
      audioLevel: most(incoming, "audioLevel"),
      sent: pictureOf(stats, outgoing),
      received: pictureOf(stats, incoming),
      ...this.#since(totals),
    };
    this.#before = totals;
    this.samples.push(sample);
    if (this.samples.length > SAMPLES_MAX) this.samples.shift();
    return sample;
  }

  #since(now: Totals): Partial<Sample> {
    const before = this.#before;
    if (!before || now.at <= before.at) return {};
    // Streams come and go, and their totals with them.
    const gain = (member: keyof Totals) => Math.max(0, now[member] - before[member]);
    const bits = (member: keyof Totals) => (gain(member) * 8 * 1000) / (now.at - before.at);
    const [packets, lost] = [gain("packets"), gain("lost")];
    return {
      sendRate: bits("sent"),
      receiveRate: bits("received"),
      receiveLoss: packets + lost > 0 ? lost / (packets + lost) : undefined,
    };
  }
}
