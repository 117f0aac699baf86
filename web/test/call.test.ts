// Calls: what is said, who meets whom in a room, and what is made of statistics.

import assert from "node:assert/strict";
import { test } from "node:test";
import { levelOf } from "../src/call/level.ts";
import { mediaProblem } from "../src/call/media.ts";
import { abortCode, isRoomName, randomRoom, readChannelMessage, readMember } from "../src/call/messages.ts";
import { Room, type Meeting } from "../src/call/room.ts";
import { Statistics } from "../src/call/statistics.ts";
import { linePath, niceTop } from "../src/ui/chart.ts";

// ---- messages

test("what a peer says over the channel is one of three things, or nothing", () => {
  assert.deepEqual(readChannelMessage('{"type":"chat","text":"hi","more":1}'), { type: "chat", text: "hi" });
  assert.deepEqual(readChannelMessage('{"type":"state","audio":"muted","video":"screen"}'), { type: "state", audio: "muted", video: "screen" });
  assert.deepEqual(readChannelMessage('{"type":"leave"}'), { type: "leave" });
  for (const bad of [
    "",
    "null",
    "[]",
    '"leave"',
    '{"type":"chat"}',
    '{"type":"chat","text":7}',
    '{"type":"chat","text":" \\n"}',
    '{"type":"state","audio":"loud","video":"off"}',
    '{"type":"state","audio":["on"],"video":"off"}',
    '{"type":"boo"}',
    new ArrayBuffer(8),
    JSON.stringify({ type: "chat", text: "x".repeat(65536) }),
  ]) {
    assert.equal(readChannelMessage(bad), undefined, String(bad).slice(0, 40));
  }
  const long = readChannelMessage(JSON.stringify({ type: "chat", text: "x".repeat(5000) }));
  assert.equal(long?.type === "chat" && long.text.length, 4000);
});

test("a member has an id, and the rest is mended", () => {
  assert.deepEqual(readMember({ id: "a", with: ["b", 7, ""], role: "play" }), { id: "a", with: ["b"], role: "play" });
  assert.deepEqual(readMember({ id: "a", with: "b", role: "sing" }), { id: "a", with: [], role: "call" });
  for (const bad of [undefined, null, [], {}, { id: "" }, { id: 7 }, { id: "x".repeat(65) }]) assert.equal(readMember(bad), undefined);
  assert.equal(abortCode({ abort: { code: "full" } }), "full");
  for (const bad of [null, {}, { abort: "full" }, { abort: { code: 7 } }]) assert.equal(abortCode(bad), undefined);
});

test("a room's name that we make is allowed, long, and never the same", () => {
  const names = new Set(Array.from({ length: 50 }, randomRoom));
  assert.equal(names.size, 50);
  for (const name of names) assert.match(name, /^[A-Za-z0-9_-]{22}$/);
  for (const bad of ["", "a b", "ä", "a/b", "x".repeat(65)]) assert.ok(!isRoomName(bad), bad);
});

// ---- rooms

// A server with one room, and members that note what becomes of them. What is said arrives when `run` is called.
class Server {
  readonly members = new Map<string, FakeMember>();
  #mail: (() => void)[] = [];
  #count = 0;

  join(member: FakeMember): void {
    const others = [...this.members.keys()];
    member.peer = `peer-${++this.#count}`;
    this.members.set(member.peer, member);
    member.room.joined(others);
  }

  // The connection ends, and nobody is told: a ghost stays.
  vanish(member: FakeMember): void {
    this.members.set(member.peer, new FakeMember(this, "ghost"));
    member.room.down();
  }

  leave(member: FakeMember): void {
    this.members.delete(member.peer);
    for (const other of this.members.values()) other.room.peerLeft(member.peer);
  }

  restart(): void {
    for (const member of this.members.values()) member.room.down();
    this.members.clear();
    this.#mail = [];
  }

  carry(from: string, to: string, data: object): void {
    this.#mail.push(() => this.members.get(to)?.room.signal(from, data));
  }

  run(): void {
    for (let count = 0; this.#mail.length > 0; count++) {
      assert.ok(count < 100, "they never stop talking");
      this.#mail.shift()?.();
    }
  }
}

class FakeMember {
  peer = "";
  met: Meeting[] = [];
  heard: unknown[] = [];
  isFull = false;
  refusals = 0;
  isAlive = false;
  readonly room: Room;

  constructor(server: Server, id: string) {
    this.room = new Room(id, {
      say: (to, data) => id !== "ghost" && server.carry(this.peer, to, data),
      met: (meeting) => this.met.push(meeting),
      data: (data) => this.heard.push(data),
      away: () => undefined,
      refused: () => this.refusals++,
      full: () => (this.isFull = true),
      settled: () => undefined,
      isAlive: () => this.isAlive,
    });
  }
}

function two(): { server: Server; a: FakeMember; b: FakeMember } {
  const server = new Server();
  const [a, b] = [new FakeMember(server, "a"), new FakeMember(server, "b")];
  server.join(a);
  server.join(b);
  server.run();
  return { server, a, b };
}

const fresh = (isPolite: boolean) => ({ isPolite, isKept: false });
const kept = (isPolite: boolean) => ({ isPolite, isKept: true });

test("two meet, and who came later is the polite one", () => {
  const { server, a, b } = two();
  assert.deepEqual([a.met, b.met], [[fresh(false)], [fresh(true)]]);
  a.room.say({ candidate: null });
  server.run();
  assert.deepEqual(b.heard, [{ candidate: null }]);
});

test("a third one is told that the call is full, and the two do not notice", () => {
  const { server, a, b } = two();
  const c = new FakeMember(server, "c");
  server.join(c);
  server.run();
  assert.ok(c.isFull);
  assert.deepEqual([a.met.length, b.met.length, c.met.length], [1, 1, 0]);
});

test("what a stranger says is not the partner's", () => {
  const { server, a } = two();
  const c = new FakeMember(server, "c");
  server.join(c);
  server.carry(c.peer, a.peer, { description: { type: "offer", sdp: "" } });
  server.carry(c.peer, a.peer, { abort: { code: "full" } });
  server.run();
  assert.deepEqual([a.heard, a.refusals], [[], 0]);
});

test("a member that was cut off is known again, although its ghost is still there", () => {
  const { server, a, b } = two();
  server.vanish(b);
  server.join(b);
  server.run();
  b.room.settle(); // The ghost does not answer.
  assert.deepEqual([a.met.at(-1), b.met.at(-1)], [kept(false), kept(true)]);
  assert.equal(b.isFull, false);
});

test("after the server was away both keep their connection, and the first to come back is not polite", () => {
  const { server, a, b } = two();
  server.restart();
  server.join(b);
  server.join(a);
  server.run();
  assert.deepEqual([b.met.at(-1), a.met.at(-1)], [kept(false), kept(true)]);
});

test("a page that was reloaded gets a new connection, whoever is in the room first", () => {
  for (const isReloadedFirst of [false, true]) {
    const { server, a, b } = two();
    a.isAlive = true;
    const again = new FakeMember(server, "b"); // Nothing of the old page is left but its id.
    if (isReloadedFirst) {
      server.restart();
      server.join(again);
      server.join(a);
    } else {
      server.leave(b);
      server.join(again);
    }
    server.run();
    assert.deepEqual(a.met.at(-1), fresh(isReloadedFirst));
    assert.deepEqual(again.met, [fresh(!isReloadedFirst)]);
  }
});

test("while the connection works, nobody takes the seat of one whose server is away", () => {
  const { server, a, b } = two();
  a.isAlive = true;
  server.leave(b);
  const c = new FakeMember(server, "c");
  server.join(c);
  server.run();
  assert.ok(c.isFull);
  a.isAlive = false;
  const d = new FakeMember(server, "d");
  server.leave(c);
  server.join(d);
  server.run();
  assert.deepEqual(d.met, [fresh(true)]);
});

test("three at once: the first two talk, whatever is said first", () => {
  const server = new Server();
  const all = ["a", "b", "c"].map((id) => new FakeMember(server, id));
  for (const member of all) server.join(member);
  server.run();
  assert.deepEqual(all.map((member) => [member.met.length, member.isFull]), [[1, false], [1, false], [0, true]]);
});

test("an answer that comes late is an answer, and who says twice who it is gets none", () => {
  const server = new Server();
  const [a, b] = [new FakeMember(server, "a"), new FakeMember(server, "b")];
  server.join(a);
  server.join(b);
  b.room.settle();
  server.run();
  assert.deepEqual([a.met, b.met], [[fresh(false)], [fresh(true)]]);
  server.carry(a.peer, b.peer, { member: { id: "a" } });
  server.run();
  assert.deepEqual([a.met.length, b.met.length], [1, 1]);
});

test("who joins once more on the same connection is later than everybody", () => {
  const { server, a, b } = two();
  a.room.part();
  server.leave(a);
  a.room.down();
  server.join(a);
  server.run();
  assert.deepEqual([a.met.at(-1), b.met.at(-1)], [fresh(true), fresh(false)]);
});

// ---- media

test("each thing that a device may say has its sentence", () => {
  for (const [kind, name, code] of [
    ["video", "NotAllowedError", "camera-denied"],
    ["audio", "NotAllowedError", "microphone-denied"],
    ["video", "NotFoundError", "no-camera"],
    ["video", "OverconstrainedError", "no-camera"],
    ["audio", "NotReadableError", "microphone-busy"],
    ["video", "AbortError", "camera-busy"],
  ] as const) {
    assert.equal(mediaProblem(kind, name).code, code);
  }
});

test("a level is nothing for silence, and all for what cannot be louder", () => {
  assert.equal(levelOf(new Float32Array(100)), 0);
  assert.equal(levelOf(new Float32Array(0)), 0);
  assert.equal(levelOf(new Float32Array(100).fill(1)), 1);
  const speech = levelOf(new Float32Array(100).fill(0.03));
  assert.ok(speech > 0.4 && speech < 0.6, String(speech));
});

// ---- statistics

const out = (kind: string, bytesSent: number, more: object = {}) => ({ type: "outbound-rtp", id: `o${kind}`, kind, bytesSent, headerBytesSent: 0, ...more });
const into = (kind: string, bytesReceived: number, packetsReceived: number, packetsLost: number) =>
  ({ type: "inbound-rtp", id: `i${kind}`, kind, bytesReceived, packetsReceived, packetsLost, jitter: 0.004, audioLevel: 0.25 });

test("rates and losses are of the time between two looks", () => {
  const statistics = new Statistics();
  const first = statistics.add([out("video", 1000), into("video", 500, 100, 10)], 1000, "");
  assert.equal(first.sendRate, undefined);
  const second = statistics.add(
    [
      out("video", 126_000, { frameWidth: 640, frameHeight: 360, framesPerSecond: 25, codecId: "c", qualityLimitationReason: "none" }),
      out("audio", 0),
      into("video", 63_000, 190, 20),
      { type: "codec", id: "c", mimeType: "video/VP8" },
      { type: "remote-inbound-rtp", id: "r", fractionLost: 0.02, roundTripTime: 9 },
      { type: "transport", id: "t", selectedCandidatePairId: "p" },
      { type: "candidate-pair", id: "q", currentRoundTripTime: 5, nominated: true },
      { type: "candidate-pair", id: "p", currentRoundTripTime: 0.02 },
    ],
    2000,
    "a path",
  );
  assert.deepEqual(
    [second.sendRate, second.receiveRate, second.receiveLoss, second.sendLoss, second.roundTrip, second.jitter, second.audioLevel],
    [1_000_000, 500_000, 0.1, 0.02, 20, 4, 0.25],
  );
  assert.deepEqual(second.sent, { codec: "VP8", audioCodec: undefined, width: 640, height: 360, rate: 25, limit: undefined });
});

test("a new connection does not look like a fall, and nonsense is not a number", () => {
  const statistics = new Statistics();
  statistics.add([out("video", 1000)], 1000, "");
  assert.equal(statistics.add([out("video", 10)], 2000, "").sendRate, 0);
  statistics.restart();
  assert.equal(statistics.add([out("video", 10)], 3000, "").sendRate, undefined);
  const odd = statistics.add([{ type: "candidate-pair", id: "p", selected: true, currentRoundTripTime: "soon" }, out("video", NaN)], 4000, "");
  assert.deepEqual([odd.roundTrip, odd.sendRate], [undefined, 0]);
});

test("a chart has a round top, and gaps where nothing was measured", () => {
  assert.deepEqual([0, NaN, 0.7, 1, 3, 40, 501].map(niceTop), [1, 1, 1, 1, 5, 50, 1000]);
  assert.equal(linePath([0, 10, undefined, 5], 10, 4), "M0.0 80.0L100.0 0.0M300.0 40.0");
  assert.equal(linePath([], 10, 4), "");
});
