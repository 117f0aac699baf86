// What a person does with the page: open it, give it files, type a code, say yes, wait.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

const STEP_MS = 30_000;
export const TRANSFER_MS = 90_000;

// Pages of all cases so far, for what must hold everywhere.
const violations = [];
const complaints = [];

export function troubles() {
  return { violations: [...violations], complaints: [...complaints] };
}

// Firefox counts as an error of the page that a server is gone or no path is found, which some cases are about.
const EXPECTED = /establish a connection to the server|connection to .* was interrupted|WebRTC: ICE failed/;

async function listen(page, who) {
  page.on("pageerror", (error) => {
    if (!EXPECTED.test(error.message)) complaints.push(`${who}: ${error.message}`);
  });
  page.on("error", (error) => complaints.push(`${who}: a page crashed: ${error.message}`));
  page.on("console", (message) => {
    const text = message.text();
    if (/content.security.policy/i.test(text)) violations.push(`${who}: ${text}`);
  });
  page.on("dialog", (dialog) => void dialog.accept().catch(() => undefined));
}

export async function open(browser, url, prepare) {
  const page = await browser.browser.newPage();
  await listen(page, browser.name);
  if (prepare) await page.evaluateOnNewDocument(prepare);
  await page.goto(url, { waitUntil: "load" });
  await page.waitForSelector("h1", { timeout: STEP_MS });
  return page;
}

export async function text(page, selector) {
  return page.$eval(selector, (element) => element.textContent);
}

// Waits until the page shows `selector`, and fails at once where it shows a problem instead.
export async function expectStep(page, selector, timeout = STEP_MS) {
  const found = await page.waitForSelector(`${selector}, .notice[role=alert]`, { timeout });
  const problem = await found.evaluate((element) => element.dataset.code ?? "");
  if (problem !== "" && !selector.includes("notice")) {
    throw new Error(`the page says ${problem}: ${await text(page, "main")}`);
  }
  return found;
}

export async function expectProblem(page, code, timeout = STEP_MS) {
  await page.waitForSelector(`.notice[data-code="${code}"]`, { timeout }).catch(async (error) => {
    throw new Error(`${error.message}; the page says: ${await text(page, "main")}`);
  });
}

export async function expectTitle(page, title, timeout = TRANSFER_MS) {
  const isThere = (want) => {
    const heading = document.querySelector("h1")?.textContent;
    const problem = document.querySelector(".notice[role=alert]")?.textContent;
    return heading === want || problem ? (problem ?? "ok") : false;
  };
  const result = await page.waitForFunction(isThere, { timeout, polling: 200 }, title);
  const said = await result.jsonValue();
  if (said !== "ok") throw new Error(`instead of "${title}": ${said}`);
}

// Gives the page files. Returns the code that it shows.
export async function offer(page, paths) {
  const input = await page.$("#pick-files");
  await input.uploadFile(...paths);
  await expectStep(page, "#the-code");
  return text(page, "#the-code");
}

export async function openSender(browser, url, paths) {
  const page = await open(browser, url);
  return { page, code: await offer(page, paths) };
}

export async function openReceiver(browser, url, code) {
  return open(browser, `${url}#${code}`);
}

export async function accept(page) {
  await expectStep(page, "#save-downloads");
  await page.click("#save-downloads");
}

// Waits until the page has come past a tenth.
export async function underway(receiver) {
  await receiver.waitForFunction(
    () => (document.querySelector("progress.overall")?.value ?? 0) > 0.1,
    { timeout: TRANSFER_MS, polling: 20 },
  );
}

// Reloads the page once it has come past a quarter. The page does it itself, where it changes the bar and not by a timer
// (which a page in the background has only once in a second): else a fast transfer is over by then.
export async function reloadUnderway(receiver) {
  const reloadOnceUnderway = () => {
    const observer = new MutationObserver(() => {
      if ((document.querySelector("progress.overall")?.value ?? 0) <= 0.25) return;
      observer.disconnect();
      location.reload();
    });
    observer.observe(document.body, { attributes: true, childList: true, subtree: true });
  };
  await Promise.all([
    receiver.waitForNavigation({ waitUntil: "load", timeout: TRANSFER_MS }),
    receiver.evaluate(reloadOnceUnderway),
  ]);
}

// A page that is left in the middle of things may ask whether one is sure.
export async function close(...pages) {
  for (const page of pages) await page.close({ runBeforeUnload: false }).catch(() => undefined);
}

// ---- downloads

export async function hashOf(path) {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

async function isComplete(path, size) {
  try {
    return (await stat(path)).size === size;
  } catch {
    return false;
  }
}

// Waits for a download of that name and size, and returns its hash.
export async function downloaded(browser, name, size, timeout = STEP_MS) {
  const path = join(browser.downloads, name);
  const end = Date.now() + timeout;
  while (!(await isComplete(path, size))) {
    if (Date.now() > end) {
      const there = await readdir(browser.downloads).catch(() => []);
      throw new Error(`no download ${name} of ${size} bytes; there is: ${there.join(", ")}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return hashOf(path);
}
