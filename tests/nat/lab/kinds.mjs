// The kinds of sites: how each is built, what it claims to be (which the proof checks), and what theory says of two of them.

import { existsSync } from "node:fs";
import { Namespace } from "./namespace.mjs";
import * as nats from "./nats.mjs";

const { EI, AD, APD } = nats;

function behind(rules, options) {
  return (internet, name, half) => {
    const { machine, wan } = internet.router(`${name}-nat`, half, options);
    machine.nft(rules(wan.v4));
    return internet.home(name, machine, { wan });
  };
}

// A home's router that has an address of the carrier's (RFC 6598), behind the carrier's own NAT.
function carried(internet, name, half) {
  const { machine: carrier, wan } = internet.router(`${name}-cgn`, half);
  const router = new Namespace(`${name}-nat`, { forwards: true });

  carrier.nft(nats.fullCone(wan.v4));
  router.cable("wan", ["100.64.0.2/24"], carrier, "lan", ["100.64.0.1/24"]);
  router.ip("route add default via 100.64.0.1");
  router.nft(nats.portRestricted());
  return internet.home(name, router);
}

function v6Alone(internet, name, half) {
  const { machine, wan } = internet.router(`${name}-fw`, half, { v4: false, v6: true });
  return internet.home(name, machine, { v4: false, wan });
}

// RFC 6146: translated to 10.64.0.0/16 without state (nat64.py), and from there like any NAT.
function v6With64(internet, name, half) {
  const { machine, wan } = internet.router(`${name}-nat`, half, { v6: true });

  machine.nft(nats.portRestricted());
  internet.nat64(machine);
  // An IPv4 packet of 1480 octets is an IPv6 packet of 1500.
  return internet.home(name, machine, { v4: false, wan, mtu: 1480 });
}

const UDP_V6 = { mapping: EI, filtering: APD, isTranslated: false };
const TCP_ALL = [443, 3478];

// `v4` and `v6`: what becomes of UDP; without one, it does not get out.
export const kinds = {
  open: {
    build: (internet, name, half) => internet.open(name, half),
    v4: { mapping: EI, filtering: EI, isTranslated: false },
    v6: { mapping: EI, filtering: EI, isTranslated: false },
    tcp: TCP_ALL,
  },
  full: { build: behind(nats.fullCone), v4: { mapping: EI, filtering: EI }, tcp: TCP_ALL },
  restricted: { build: behind(nats.restrictedCone), v4: { mapping: EI, filtering: AD }, tcp: TCP_ALL },
  port: { build: behind(nats.portRestricted), v4: { mapping: EI, filtering: APD }, tcp: TCP_ALL },
  symmetric: { build: behind(nats.symmetric), v4: { mapping: APD, filtering: APD }, tcp: TCP_ALL },
  random: { build: behind(nats.symmetricRandom), v4: { mapping: APD, filtering: APD }, tcp: TCP_ALL },
  carrier: { build: carried, v4: { mapping: EI, filtering: APD }, tcp: TCP_ALL },
  dual: { build: behind(nats.portRestricted, { v6: true }), v4: { mapping: EI, filtering: APD }, v6: UDP_V6, tcp: TCP_ALL },
  v6: { build: v6Alone, v6: UDP_V6, tcp: TCP_ALL },
  nat64: { build: v6With64, v6: UDP_V6, through64: { mapping: EI, filtering: APD }, tcp: TCP_ALL, needsNat64: true },
  "no-udp": { build: behind(nats.noUdp), tcp: TCP_ALL },
  "only-443": { build: behind(nats.only443), tcp: [443] },
};

export function isPossible(kind) {
  return !kinds[kind].needsNat64 || existsSync("/dev/net/tun");
}

// A hole is punched from both sides: each sends to the other's address as the server saw it. Where a mapping depends on
// whom one sends to, the port that the other one sees is new to it: its filter must not ask for the port.
function canPunch(one, other) {
  if (!one || !other) return false;
  if (one.mapping === EI && other.mapping === EI) return true;
  if (one.mapping !== EI && other.mapping !== EI) return false;
  const steady = one.mapping === EI ? one : other;
  return steady.filtering !== APD;
}

// Who can be connected to by anybody, and who can connect to any port.
const isReachable = (kind) => kind.build === kinds.open.build;
const canConnect = (kind) => kind.tcp.length > 1;

// "direct", "direct over TCP" or "relay".
export function theory(a, b) {
  const [one, other] = [kinds[a], kinds[b]];
  if (canPunch(one.v4, other.v4) || canPunch(one.v6, other.v6)) return "direct";
  const connects = (from, to) => canConnect(from) && isReachable(to);
  return connects(one, other) || connects(other, one) ? "direct over TCP" : "relay";
}
