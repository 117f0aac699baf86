// The doctor's page: healthy and broken servers, in both browsers, by keyboard and on a phone.

import { equal, isTrue } from "../lib/check.mjs";
import { address, lacksName, NAME } from "../lib/network.mjs";
import * as page from "../lib/page.mjs";
import { startStandIn } from "../lib/stand-in.mjs";

const ALL_MS = 30_000;

async function findings(where) {
  await where.waitForSelector("[data-done=yes]", { timeout: ALL_MS });
  const rows = await where.$$eval("[data-check]", (all) =>
    all.map((row) => ({ check: row.dataset.check, verdict: row.dataset.verdict, text: row.textContent })),
  );
  return Object.fromEntries(rows.map((row) => [row.check, row]));
}

function verdictOf(found, check) {
  return `${found[check]?.verdict}`;
}

async function shoot(where, name) {
  if (process.env.YODEL_SHOTS) await where.screenshot({ path: `${process.env.YODEL_SHOTS}/${name}.png`, fullPage: true });
}

// Firefox asks no server on the loopback interface: one that others can reach is needed.
async function expectHealthy({ browsers, newServer }, name, options, checks) {
  const server = await newServer({ host: address(), ...options });
  const where = await page.open(await browsers.get(name), `${server.url}#doctor`);
  const found = await findings(where);
  for (const check of ["interfaces", "signaling", ...checks]) {
    equal(verdictOf(found, check), "ok", `${check}: ${found[check]?.text}`);
  }
  for (const check of checks) isTrue(/a message each way/.test(found[check].text), found[check].text);
  isTrue(found.stun !== undefined, "a line for STUN");
  return { where, server };
}

function healthy(name) {
  return {
    name: `${name} finds a healthy server so, with data through its relays`,
    async run(context) {
      const { where, server } = await expectHealthy(context, name, {}, ["turn-udp", "turn-tcp"]);
      await shoot(where, `doctor-${name}`);
      await where.setViewport({ width: 360, height: 740 });
      const isWide = await where.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
      equal(isWide, false, "it scrolls sideways on a phone");
      await shoot(where, `doctor-${name}-phone`);
      await page.close(where);
      await server.stop();
    },
  };
}

function healthyOverTls(name) {
  return {
    name: `${name} finds a healthy server with a certificate so, with data through its relay over TLS`,
    needs: lacksName,
    async run(context) {
      const { certificate } = context.browsers;
      const options = { name: NAME, certificate };
      const { where, server } = await expectHealthy(context, name, options, ["turn-udp", "turn-tcp", "turn-tls"]);
      await page.close(where);
      await server.stop();
    },
  };
}

function unhelpful(name) {
  return {
    name: `${name} says what a server without UDP lacks, and what to change`,
    async run({ browsers, newServer }) {
      const server = await newServer({ args: ["--udp", "off"] });
      const where = await page.open(await browsers.get(name), `${server.url}#doctor`);
      const found = await findings(where);
      equal(verdictOf(found, "stun"), "warn", "stun");
      equal(verdictOf(found, "turn"), "warn", "turn");
      isTrue(/udp = off/.test(found.turn.text), found.turn.text);
      await page.close(where);
      await server.stop();
    },
  };
}

export const doctor = [
  healthy("Chromium"),
  healthy("Firefox"),
  healthyOverTls("Chromium"),
  healthyOverTls("Firefox"),
  unhelpful("Chromium"),
  unhelpful("Firefox"),
  {
    name: "a relay that does not exist, and a server that names markup, are shown as text",
    async run({ browsers, dist }) {
      const evil = "<img src=x onerror=alert(1)>";
      const hello = {
        type: "hello",
        protocol: 1,
        server: evil,
        id: "x",
        ice_servers: [{ urls: ["turn:127.0.0.1:9?transport=tcp"], username: evil, credential: "p" }, { urls: [`turn:${evil}`] }, evil, 7],
      };
      const server = await startStandIn({ dist, hello });
      const where = await page.open(await browsers.get("Chromium"), `${server.url}#doctor`);
      const found = await findings(where);
      equal(verdictOf(found, "turn-tcp"), "fail", "turn-tcp");
      isTrue(/What to do/.test(found["turn-tcp"].text), found["turn-tcp"].text);
      equal(await where.$$eval("main img", (all) => all.length), 0, "markup in the page");
      await shoot(where, "doctor-broken");
      await page.close(where);
      server.stop();
    },
  },
  {
    name: "the doctor is reached from the start page, repeated and left by keyboard",
    async run({ browsers, server }) {
      const where = await page.open(await browsers.get("Chromium"), server.url);
      await where.bringToFront();
      await where.focus("a[href='#doctor']");
      await where.keyboard.press("Enter");
      await findings(where);
      equal(await where.evaluate(() => document.activeElement?.tagName), "H1", "the focus");
      await where.keyboard.press("Tab");
      equal(await where.evaluate(() => document.activeElement?.textContent), "Look again", "the first stop");
      await where.keyboard.press("Enter");
      await where.waitForSelector("[data-done=yes]", { hidden: true });
      await findings(where);
      await where.keyboard.press("Tab");
      await where.keyboard.press("Enter");
      await where.waitForSelector(".cards");
      await page.close(where);
    },
  },
];
