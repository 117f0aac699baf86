// The browsers: Debian's Chromium and Firefox, headless, the same few for all the cases.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer from "puppeteer-core";
import { makeCertificate, trust } from "./certificate.mjs";

const DOWNLOAD_TYPES =
  "application/octet-stream,text/plain,text/html,application/zip,image/svg+xml,image/jpeg";

// A machine that is busy takes its time.
const PATIENCE = { timeout: 90_000, protocolTimeout: 120_000 };

export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

// A camera that shows a moving picture, a microphone that beeps and a screen, and a yes to every question. "Chromium 2" has none.
const DEVICES = [
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  "--auto-select-desktop-capture-source=Entire screen",
];

// A browser, and the folder that its downloads end up in. One in another network is run by a script of the caller's, and
// spoken to through a pipe.
export async function chromium(home, name, elsewhere) {
  const browser = await puppeteer.launch({
    executablePath: elsewhere ?? CHROMIUM,
    pipe: elsewhere !== undefined,
    userDataDir: join(home, name),
    headless: true,
    env: { ...process.env, HOME: home }, // In which it looks for whom it trusts.
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--disable-dev-shm-usage",
      ...(name === "Chromium" ? DEVICES : []),
    ],
    ...PATIENCE,
  });
  const downloads = join(home, `${name}-downloads`);
  const session = await browser.target().createCDPSession();
  await session.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: downloads });
  return { name, browser, downloads };
}

async function firefox(home, authority) {
  const downloads = join(home, "firefox-downloads");
  const profile = join(home, "firefox");
  await trust(profile, authority);
  // Whoever runs this may have a screen; the tests say that Firefox has none.
  const { DISPLAY, WAYLAND_DISPLAY, ...env } = process.env;
  const browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr",
    userDataDir: profile,
    headless: true,
    env,
    extraPrefsFirefox: {
      "browser.download.dir": downloads,
      "browser.download.folderList": 2,
      "browser.download.useDownloadDir": true,
      "browser.download.alwaysOpenPanel": false,
      "browser.download.always_ask_before_handling_new_types": false,
      "browser.helperApps.neverAsk.saveToDisk": DOWNLOAD_TYPES,
      "network.captive-portal-service.enabled": false,
      "network.connectivity-service.enabled": false,
      "media.navigator.streams.fake": true,
      "media.navigator.permission.disabled": true,
    },
    ...PATIENCE,
  });
  return { name: "Firefox", browser, downloads };
}

export class Browsers {
  #started = new Map();

  async start() {
    this.home = await mkdtemp(join(tmpdir(), "yodel-browsers-"));
    this.certificate = await makeCertificate(join(this.home, "certificate"));
    await trust(join(this.home, ".pki", "nssdb"), this.certificate.authority); // Chromium's.
  }

  // Starts a browser the first time that a case asks for it. "Chromium 2" is another Chromium: two
  // ends in one would share a network thread, which loses what it has no time to read.
  async get(name) {
    if (!this.#started.has(name)) {
      const made = name === "Firefox" ? firefox(this.home, this.certificate.authority) : chromium(this.home, name);
      this.#started.set(name, made);
    }
    return this.#started.get(name);
  }

  async stop() {
    for (const started of this.#started.values()) {
      const one = await started.catch(() => undefined);
      await one?.browser.close().catch(() => undefined);
    }
    await rm(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}
