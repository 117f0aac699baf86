// This machine's address and name, as the tests' network has them (tests/browser/run).

import { execFileSync } from "node:child_process";
import { lookup } from "node:dns/promises";
import { networkInterfaces } from "node:os";

export const NAME = "yodel.test";

// Not the loopback's: as others see this machine.
export function address() {
  const all = Object.values(networkInterfaces()).flat();
  const own = all.find((one) => one.family === "IPv4" && !one.internal);
  if (!own) throw new Error("this machine has no address but its loopback");
  return own.address;
}

// What is missing for a case that goes by the name; undefined where nothing is.
export async function lacksName() {
  const found = await lookup(NAME).catch(() => undefined);
  return found?.address === address() ? undefined : `a network of its own, with the name ${NAME}`;
}

// What is missing for a case that changes the network.
export function lacksNetwork() {
  return process.env.YODEL_IN_NETWORK ? undefined : "a network of its own";
}

const ip = (...words) => execFileSync("ip", words);

function exchange(from, to) {
  ip("addr", "del", `${from}/24`, "dev", "yodel0");
  ip("addr", "add", `${to}/24`, "dev", "yodel0");
  // Both went with the address.
  ip("route", "replace", "default", "via", "10.77.0.2", "dev", "yodel0");
  ip("route", "replace", "224.0.0.0/4", "dev", "yodel0");
}

// Runs `work` while this machine has another address, as a phone has that comes from one network into another.
export async function elsewhere(work) {
  const [home, away] = [address(), "10.77.0.9"];
  exchange(home, away);
  try {
    await work();
  } finally {
    exchange(away, home);
  }
}
