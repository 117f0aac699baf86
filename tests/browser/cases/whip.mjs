// Publishing to an endpoint, and watching one: `yodel publish --whip` and `yodel play --whep`.

import { eventually, expectNumbers, expectSound } from "../lib/call.mjs";
import { equal, isTrue } from "../lib/check.mjs";
import * as program from "../lib/program.mjs";
import { WhipEndpoint } from "../lib/whip_endpoint.mjs";

const run = (...args) => {
  const child = program.start([...args, "--json"]);
  return { child, events: new program.Events(child) };
};

async function withEndpoint(browsers, work) {
  const endpoint = await WhipEndpoint.open(await browsers.get("Chromium"));
  try {
    await work(endpoint);
  } finally {
    await endpoint.close();
  }
}

async function interrupt({ child }) {
  await program.stop(child, "SIGINT");
  equal(child.exitCode, 130, "the exit code");
}

const expectVideo = ({ events }, what) =>
  eventually(`${what}: no pictures come`, () => events.last("statistics")?.video?.frames_per_second > 0);

export const whip = [
  {
    name: "what `yodel publish --whip` sends is seen and heard in Chromium, which is told of its end",
    run: ({ browsers }) =>
      withEndpoint(browsers, async (endpoint) => {
        const publisher = run("publish", "test", "--whip", endpoint.url, "--token", endpoint.token);
        await expectNumbers(endpoint.page, "published");
        await expectSound(endpoint.page, "published");
        await interrupt(publisher);
        equal(endpoint.requests.join(), "OPTIONS /whip,POST /whip,DELETE /session/0", "the requests");
      }),
  },
  {
    name: "who has another token than the endpoint's is told so",
    run: ({ browsers }) =>
      withEndpoint(browsers, async (endpoint) => {
        const publisher = run("publish", "test", "--whip", endpoint.url, "--token", "another");
        const { code, text } = await publisher.events.find("error");
        equal(code, "token", "the code");
        isTrue(text.includes("refused the token"), text);
        await eventually("the program does not end", () => publisher.child.exitCode !== null);
        equal(publisher.child.exitCode, 3, "the exit code");
      }),
  },
  {
    name: "`yodel play --whep` gets what Chromium draws, and again after the endpoint dropped it",
    run: ({ browsers }) =>
      withEndpoint(browsers, async (endpoint) => {
        const player = run("play", "--whep", endpoint.watchUrl, "--token", endpoint.token, "--headless");
        await expectVideo(player, "watched");
        await endpoint.page.evaluate(() => end(0));
        await eventually("no second session begins", () => endpoint.requests.filter((one) => one === "POST /whep").length === 2);
        await eventually("the first one's pictures go on", () => player.events.last("statistics").peers === 0);
        await expectVideo(player, "watched again");
        await interrupt(player);
        equal(endpoint.requests.at(-1), "DELETE /session/1", "the last request");
      }),
  },
];
