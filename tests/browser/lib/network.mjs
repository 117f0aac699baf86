// This machine's address and name, as the tests' network has them (tests/browser/run).

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
