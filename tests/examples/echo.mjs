// The echo and its page: the offer and the answer go from one to the other by hand, as people would.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Browsers } from "../browser/lib/browsers.mjs";
import { equal, runAll } from "../browser/lib/check.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

async function start(context) {
  const { browser } = await context.browsers.get("Chromium");
  const page = await browser.newPage();
  await page.goto(`file://${root}examples/echo.html`);
  await page.waitForSelector("#connect:enabled");

  const echo = spawn(`${root}build/examples/echo`, { stdio: ["pipe", "pipe", "inherit"] });
  context.running.push(echo);
  const ended = once(echo, "exit");
  echo.stdin.write(await page.$eval("#offer", (field) => field.value));
  let answer = "";
  for await (const text of echo.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    answer += text;
    if (answer.endsWith("\n\n") || answer.endsWith("\n\r\n")) break;
  }
  await page.$eval("#answer", (field, value) => (field.value = value), answer);
  await page.click("#connect");
  await hears(page, "The channel is open.");
  return { page, ended };
}

async function hears(page, line) {
  await page.waitForFunction((last) => document.querySelector("#log").lastChild?.textContent === last, {}, line);
}

const cases = [
  {
    name: "the page hears what it said, until it closes the channel",
    async run(context) {
      const { page, ended } = await start(context);
      for (const text of ["hello", "Grüezi, 世界"]) {
        await page.type("#text", `${text}\n`);
        await hears(page, `echo: ${text}`);
      }
      await page.click("#close");
      await hears(page, "The channel is closed.");
      equal((await ended)[0], 0, "the echo's exit code");
    },
  },
  {
    name: "bytes come back as bytes, and large messages whole",
    async run(context) {
      const { page, ended } = await start(context);
      const same = await page.evaluate(async () => {
        channel.binaryType = "arraybuffer";
        const sent = new Uint8Array(200_000).map((_, i) => i * 7);
        const heard = new Promise((done) => (channel.onmessage = ({ data }) => done(new Uint8Array(data))));
        channel.send(sent);
        return (await heard).every((byte, i) => byte === sent[i]);
      });
      equal(same, true, "the same bytes");
      await page.evaluate(() => connection.close()); // Ends the channel in another way.
      equal((await ended)[0], 0, "the echo's exit code");
    },
  },
];

const context = { browsers: new Browsers(), running: [] };
let counts = { passed: 0, failed: ["the tests could not run"] };
try {
  await context.browsers.start();
  counts = await runAll(cases, context, 60_000);
} finally {
  await context.browsers.stop();
  for (const child of context.running) child.kill("SIGKILL");
}
process.exit(counts.failed.length > 0 ? 1 : 0);
