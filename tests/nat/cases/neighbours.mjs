// Two homes behind one NAT of the carrier's, which know each other by its address alone: where it takes their packets back
// in (RFC 4787 REQ-9), they meet there; where it does not, at a relay.

import { equal } from "../../e2e/transfer/check.mjs";
import { SERVER_NAME } from "../lab/internet.mjs";
import { Namespace } from "../lab/namespace.mjs";
import { fullCone, hairpinCone, portRestricted } from "../lab/nats.mjs";
import { sendFile } from "../lab/programs.mjs";

function homesBehindOne(internet, name, rules) {
  const { machine: carrier, wan } = internet.router(`${name}-cgn`, "west");

  carrier.nft(rules(wan.v4));
  carrier.nft(`table ip apart {
    chain homes {
      type filter hook forward priority filter;
      iifname != "wan" oifname != "wan" ct status ! dnat drop
    }
  }`);
  return [0, 1].map((i) => {
    const router = new Namespace(`${name}-nat${i}`, { forwards: true });
    router.cable("wan", [`100.64.${i}.2/24`], carrier, `lan${i}`, [`100.64.${i}.1/24`]);
    router.ip(`route add default via 100.64.${i}.1`);
    router.nft(portRestricted());
    return { name: `${name}${i}`, host: internet.home(`${name}-host${i}`, router), server: SERVER_NAME };
  });
}

function meet(what, name, rules, want) {
  return {
    name: `neighbours behind a carrier that ${what}: ${want}`,
    prepare(internet) {
      this.homes = homesBehindOne(internet, name, rules);
    },
    async run(stage) {
      const [from, to] = this.homes;
      const { ms, last } = await sendFile(stage, from, to, want);
      this.note = `connected after ${ms} ms`;
      equal(String(last), `${want},${want}`, "the paths");
    },
  };
}

export function neighbours() {
  return [
    meet("hairpins", "near", hairpinCone, "direct"),
    meet("does not hairpin", "far", fullCone, "relay"),
  ];
}
