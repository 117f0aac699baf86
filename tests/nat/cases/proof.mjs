// The laboratory itself: each NAT is what its kind claims, asked with plain sockets. The matrix stands on this.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { equal, isTrue } from "../../e2e/transfer/check.mjs";
import { SERVER, SERVER_64 } from "../lab/internet.mjs";
import { kinds } from "../lab/kinds.mjs";

const PROBE = fileURLToPath(new URL("../lab/probe.mjs", import.meta.url));

function ask(machine, addresses) {
  return new Promise((resolve, reject) => {
    const [first, ...rest] = [...machine.wrapper, process.execPath, PROBE, "ask", ...addresses];
    const child = spawn(first, rest, { stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout.on("data", (data) => (out += data));
    child.stderr.on("data", (data) => (err += data));
    child.on("close", () => (out ? resolve(JSON.parse(out)) : reject(new Error(`the probe: ${err}`))));
  });
}

function agrees(found, claim, what) {
  if (!claim) {
    isTrue(!found.udp, `${what}: UDP gets out, as ${JSON.stringify(found.udp)}`);
    return;
  }
  isTrue(found.udp, `${what}: UDP does not get out`);
  equal(found.udp.mapping, claim.mapping, `${what}: mapping`);
  equal(found.udp.filtering, claim.filtering, `${what}: filtering`);
}

function proofOf(site) {
  const claim = kinds[site.kind];
  return {
    name: `${site.name} is what it claims to be`,
    async run() {
      const [v4, v6, through64] = await ask(site.host, [...SERVER.v4, ...SERVER.v6, ...SERVER_64]);
      agrees(v4, claim.v4, "IPv4");
      agrees(v6, claim.v6, "IPv6");
      agrees(through64, claim.through64, "through NAT64");
      const tcp = [v4, v6, through64].find((found) => found.tcp.length > 0)?.tcp;
      equal(String(tcp), String(claim.tcp), "TCP ports that can be reached");
    },
  };
}

export function proofs(internet) {
  return internet.sites.map(proofOf);
}
