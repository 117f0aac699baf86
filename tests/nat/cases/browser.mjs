// Chromium on one side, in the homes' networks: it hides its own addresses (RFC 8828), and knows only what servers tell it.

import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CHROMIUM, chromium } from "../../browser/lib/browsers.mjs";
import { trust } from "../../browser/lib/certificate.mjs";
import { accept, downloaded, openReceiver, openSender } from "../../browser/lib/page.mjs";
import { hashOf } from "../../e2e/transfer/place.mjs";
import { equal } from "../../e2e/transfer/check.mjs";
import { AUTHORITY, SERVER } from "../lab/internet.mjs";
import { kinds, theory } from "../lab/kinds.mjs";
import { pathOf } from "../lab/programs.mjs";

const SIZE = 10_000_000; // Long enough for a path to be left for a better one.

export const canRun = existsSync(CHROMIUM);

async function launch(stage, site) {
  const script = join(stage.home, "chromium");
  writeFileSync(script, `#!/bin/sh\nexec ${site.host.wrapper.join(" ")} ${CHROMIUM} "$@"\n`);
  chmodSync(script, 0o755);
  await trust(join(stage.home, ".pki", "nssdb"), AUTHORITY);
  const browser = await chromium(stage.home, `${site.name}-chromium`, script);
  stage.atEnd(() => browser.browser.close());
  return browser;
}

function siteOf(internet, half, kind) {
  return internet.sites.find((site) => site.half === half && site.kind === kind);
}

// By its address: Chromium asks name servers for a STUN server's, and there are none here.
function urlFor(site) {
  return `https://${kinds[site.kind].v6 && !kinds[site.kind].v4 ? `[${SERVER.v6[0]}]` : SERVER.v4[0]}/`;
}

function receives(kind, other) {
  const want = theory(kind, other);
  return {
    name: `Chromium behind ${kind} receives from ${other}: ${want}`,
    async run(stage, internet) {
      const [here, there] = [siteOf(internet, "west", kind), siteOf(internet, "east", other)];
      const browser = await launch(stage, here);
      const { path, hash } = stage.file(SIZE);
      const sender = await stage.send(there, [path]);
      const page = await openReceiver(browser, urlFor(here), sender.code);
      await accept(page);
      equal(await downloaded(browser, "file.bin", SIZE), hash, "the hash of what arrived");
      equal(await sender.exit(), 0, "the sender's exit");
      equal(pathOf(`(${sender.last("progress").path}`), want, "the path");
    },
  };
}

function sends(kind, other) {
  const want = theory(kind, other);
  return {
    name: `Chromium behind ${kind} sends to ${other}: ${want}`,
    async run(stage, internet) {
      const [here, there] = [siteOf(internet, "west", kind), siteOf(internet, "east", other)];
      const browser = await launch(stage, here);
      const { path, hash } = stage.file(SIZE);
      const { code } = await openSender(browser, urlFor(here), [path]);
      mkdirSync(join(stage.home, "in"));
      const receiver = stage.receive(there, code);
      equal(await receiver.exit(), 0, "the receiver's exit");
      equal(await hashOf(join(stage.home, "in", "file.bin")), hash, "the hash of what arrived");
      equal(pathOf(`(${receiver.last("progress").path}`), want, "the path");
    },
  };
}

export function browsers() {
  return [
    receives("port", "restricted"),
    sends("symmetric", "full"),
    receives("carrier", "dual"),
    sends("v6", "open"),
    sends("random", "port"),
    receives("no-udp", "carrier"),
    // TURN over TLS, on the one port that all else of the server's is on.
    receives("only-443", "symmetric"),
    sends("only-443", "only-443"),
  ];
}
