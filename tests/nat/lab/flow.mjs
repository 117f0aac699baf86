// A transfer that lasts: `yodel send -` is fed at an even pace, `yodel receive --output -` is listened to, and what
// happens in between shows as a gap in what arrives.

import { createHash, randomBytes } from "node:crypto";

const EACH_MS = 20;
const LINE = 20_000; // 1 MB/s: little for two processors, much for a path.
const PATIENCE_MS = 30_000; // For what does not arrive: to say how late it was.
const FIRST_TRIES = 100;
const END_MS = 20_000; // For what is on its way once all was fed.

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Flow {
  #fed = createHash("sha256");
  #heard = createHash("sha256");
  #arrivals = [];

  static async start(stage, from, to) {
    const flow = new Flow();
    flow.sender = await stage.send(from, ["--name", "flow", "-"], { stdio: ["pipe", "pipe", "pipe"] });
    flow.sender.child.stdin.on("error", () => {});
    flow.receiver = stage.receive(to, flow.sender.code, ["--yes", "--output", "-"]);
    flow.receiver.child.stdout.on("data", (data) => {
      flow.#heard.update(data);
      flow.#arrivals.push(performance.now());
      flow.receiver.lines.length = 0; // They are nothing to tell in its story.
    });
    await flow.sender.event("connected");
    for (let tries = 0; flow.#arrivals.length === 0; tries++) {
      if (tries === FIRST_TRIES) throw new Error("nothing arrives");
      await flow.feed(100);
    }
    return flow;
  }

  // Feeds for so long; where nothing arrives by then, on until something does, at most PATIENCE_MS. Says the longest time
  // in it without anything that arrived.
  async feed(ms) {
    const began = performance.now();
    const isOver = (now) =>
      now - began > PATIENCE_MS || (now - began > ms && (ms < 1000 || now - this.#arrivals.at(-1) < ms / 2));
    while (!isOver(performance.now()) && !this.sender.hasEnded) {
      const line = `${randomBytes(LINE / 2).toString("hex")}\n`;
      this.#fed.update(line);
      this.sender.child.stdin.write(line);
      await pause(EACH_MS);
    }
    return this.#gap(began);
  }

  #gap(since) {
    const times = [since, ...this.#arrivals.filter((at) => at > since), performance.now()];
    return Math.round(Math.max(...times.slice(1).map((at, i) => at - times[i])));
  }

  // The end of the file; it must have arrived whole.
  async finish() {
    this.sender.child.stdin.end();
    const status = await Promise.all([this.sender.exit(END_MS), this.receiver.exit(END_MS)]);
    if (status.some((one) => one !== 0)) throw new Error(`ended with ${status}`);
    if (this.#heard.digest("hex") !== this.#fed.digest("hex")) throw new Error("what arrived is not what was sent");
  }
}
