// The page without a mouse and without eyes.

import { rm } from "node:fs/promises";
import { equal, isTrue } from "../lib/check.mjs";
import * as page from "../lib/page.mjs";

const NEED_NAMES = ["button", "meter", "log", "link", "textbox", "combobox", "progressbar", "img", "image"];

function nameless(node, found = []) {
  if (NEED_NAMES.includes(node.role) && !node.name) found.push(node.role);
  for (const child of node.children ?? []) nameless(child, found);
  return found;
}

async function checkNames(where, what) {
  const tree = await where.accessibility.snapshot({ interestingOnly: true });
  const found = nameless(tree);
  equal(found.length, 0, `nameless things on ${what} (${found.join(", ")})`);
}

async function checkStructure(where, what) {
  const facts = await where.evaluate(() => {
    const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
    const refs = [...document.querySelectorAll("[aria-labelledby],[aria-describedby],[aria-controls],label[for]")]
      .flatMap((element) => ["aria-labelledby", "aria-describedby", "aria-controls", "for"].map((name) => element.getAttribute(name)))
      .filter((ref) => ref);
    return {
      lang: document.documentElement.lang,
      headings: document.querySelectorAll("h1").length,
      isFocused: document.activeElement?.tagName ?? "",
      twice: ids.filter((id, index) => ids.indexOf(id) !== index),
      dangling: refs.filter((ref) => !document.getElementById(ref)),
      status: document.querySelectorAll("[role=status]").length,
      isWide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    };
  });
  equal(facts.lang, "en", `${what}: lang`);
  equal(facts.headings, 1, `${what}: first headings`);
  equal(facts.twice.join(), "", `${what}: ids used twice`);
  equal(facts.dangling.join(), "", `${what}: references to nothing`);
  isTrue(facts.status > 0, `${what}: a status region`);
  equal(facts.isWide, false, `${what}: scrolls sideways`);
}

// Where Tab leads, by what a screen reader would call it.
async function tabStops(where, count) {
  const stops = [];
  for (let i = 0; i < count; i++) {
    await where.keyboard.press("Tab");
    stops.push(
      await where.evaluate(() => {
        const element = document.activeElement;
        const label = element?.id && document.querySelector(`label[for="${element.id}"]`);
        return (element?.getAttribute("aria-label") ?? label?.textContent ?? element?.textContent ?? "").trim();
      }),
    );
  }
  return stops;
}

// WCAG 2 contrast of an element's text against what is painted behind it.
function contrasts(selectors) {
  const parse = (text) => {
    const parts = text.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
    return { rgb: parts.slice(0, 3), alpha: parts[3] ?? 1 };
  };
  const light = ({ rgb }) => {
    const [r, g, b] = rgb.map((part) => {
      const share = part / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.alpha === 1) return colour;
    }
    return parse("rgb(255,255,255)");
  };
  return selectors.flatMap((selector) =>
    [...document.querySelectorAll(selector)].map((element) => {
      const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
      return { selector, ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) };
    }),
  );
}

async function checkContrast(where, scheme) {
  await where.emulateMediaFeatures([
    { name: "prefers-color-scheme", value: scheme },
    { name: "prefers-reduced-motion", value: "reduce" }, // Or a colour is caught on its way.
  ]);
  const selectors = ["h1", "h2", "p", "button", "label", "a", ".code", ".hint", ".size", "summary"];
  for (const { selector, ratio } of await where.evaluate(contrasts, selectors)) {
    isTrue(ratio >= 4.5, `${selector} in the ${scheme} scheme has contrast ${ratio.toFixed(2)}`);
  }
}

export const accessibility = [
  {
    name: "the pages have names, one heading, sound references and contrast",
    async run({ browsers, server, files }) {
      const chromium = await browsers.get("Chromium");
      const home = await page.open(chromium, server.url);
      const sender = await page.openSender(chromium, server.url, [files.small.path]);
      const receiver = await page.openReceiver(chromium, server.url, sender.code);
      await page.expectStep(receiver, "#save-downloads");
      const call = await page.open(chromium, `${server.url}#call=names`);
      await page.expectStep(call, "#join");
      const pages = [[home, "the start page"], [sender.page, "the sender's page"], [receiver, "the offer"], [call, "the call"]];
      for (const [where, what] of pages) {
        await where.bringToFront();
        await where.setViewport({ width: 360, height: 740 });
        await checkNames(where, what);
        await checkStructure(where, what);
        await checkContrast(where, "light");
        await checkContrast(where, "dark");
      }
      await call.click("#join");
      for (const id of ["#chat", "#statistics", "#devices"]) await call.click(id);
      await checkNames(call, "in the call");
      await checkStructure(call, "in the call");
      await page.close(home, sender.page, receiver, call);
    },
  },
  {
    name: "Tab goes through the start page in the order of reading",
    async run({ browsers, server }) {
      const home = await page.open(await browsers.get("Chromium"), server.url);
      await home.bringToFront();
      const stops = await tabStops(home, 4);
      equal(
        stops.join(" | "),
        "Choose files | Choose a folder | The code, as the sender tells you | Connect",
        "the stops",
      );
      await page.close(home);
    },
  },
  {
    name: "a receiver needs the keyboard only, and words complete",
    async run({ browsers, server, files }) {
      const firefox = await browsers.get("Firefox");
      await rm(firefox.downloads, { recursive: true, force: true });
      const sender = await page.openSender(await browsers.get("Chromium"), server.url, [files.small.path]);
      const receiver = await page.open(firefox, server.url);
      await receiver.bringToFront();
      await receiver.focus("#code");
      const [number, first, second] = sender.code.split("-");
      await receiver.keyboard.type(`${number} ${first.slice(0, -1)}`);
      await receiver.waitForSelector("[role=option]");
      const typed = () => receiver.$eval("#code", (field) => field.value.replace(" ", "-"));
      // Of many words that begin so, "map" is not among the first: it has to be typed.
      const offered = await receiver.$$eval("[role=option]", (all) => all.map((one) => one.textContent));
      if (!offered.includes(`${number}-${first}`)) await receiver.keyboard.type(`${first.at(-1)}-`);
      for (let i = 0; i < 6 && (await typed()) !== `${number}-${first}-`; i++) {
        await receiver.keyboard.press("ArrowDown");
        const option = await receiver.$eval("[role=option][aria-selected=true]", (one) => one.textContent);
        if (option === `${number}-${first}`) await receiver.keyboard.press("Enter");
      }
      equal(await typed(), `${number}-${first}-`, "the field");
      await receiver.keyboard.type(second.toUpperCase());
      await receiver.keyboard.press("Escape");
      await receiver.keyboard.press("Enter");
      await page.expectStep(receiver, "#save-downloads");
      equal(await receiver.evaluate(() => document.activeElement?.tagName), "H1", "the focus");
      await receiver.keyboard.press("Tab");
      const isList = await receiver.evaluate(() => document.activeElement?.tagName !== "BUTTON");
      if (isList) await receiver.keyboard.press("Tab");
      await receiver.keyboard.press("Enter");
      await page.expectTitle(receiver, "Received");
      await page.close(sender.page, receiver);
    },
  },
];
