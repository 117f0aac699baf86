// The internet, a server in it, and places to live behind it (README.md draws them).
//
// Addresses are of those kept for documentation (RFC 5737, RFC 3849): the server in 192.0.2.0/24, one half of the sites in the
// west, 198.51.100.0/24, the other in the east, 203.0.113.0/24. All homes are 192.168.1.0/24, as homes are.

import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { makeCertificate } from "../../browser/lib/certificate.mjs";
import { kinds } from "./kinds.mjs";
import { must, Namespace } from "./namespace.mjs";
import { FIREWALL_V6 } from "./nats.mjs";

export const FILES = "/run/lab";
export const SERVER = { v4: ["192.0.2.10", "192.0.2.11"], v6: ["2001:db8::10", "2001:db8::11"] };
export const SERVER_NAME = "yodel.test";
// What NAT64 calls the server (RFC 6052).
export const SERVER_64 = ["64:ff9b::c000:20a", "64:ff9b::c000:20b"];
const SERVER_NAME_64 = "nat64.yodel.test";

const HOME = { host: "192.168.1.2", router: "192.168.1.1" };
const REGIONS = {
  middle: { v4: "192.0.2", v6: "2001:db8:0:" },
  west: { v4: "198.51.100", v6: "2001:db8:1:" },
  east: { v4: "203.0.113", v6: "2001:db8:2:" },
};

// Programs and browsers trust the authority, and so the server's certificate.
const CERTIFICATE = `${FILES}/certificate`;
export const AUTHORITY = `${CERTIFICATE}/authority.pem`;

export function certify() {
  const names = [SERVER_NAME, SERVER_NAME_64].map((name) => `DNS:${name}`);
  const addresses = [...SERVER.v4, ...SERVER.v6, ...SERVER_64].map((addr) => `IP:${addr}`);
  return makeCertificate(CERTIFICATE, [...names, ...addresses]);
}

// What `yodel serve` is told at each place. Its relays refuse addresses for documentation, which ours are.
const NETWORKS = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"];
export const SERVE = [
  ...["--listen", ":443", "--tls-cert", `${CERTIFICATE}/certificate.pem`, "--tls-key", `${CERTIFICATE}/key.pem`],
  ...NETWORKS.flatMap((one) => ["--turn-allow", one]),
];

export class Internet {
  #count = { middle: 10, west: 10, east: 10 };
  #starting = [];
  sites = [];

  constructor() {
    this.core = new Namespace("internet", { forwards: true });
    for (const [index, [region, { v4, v6 }]] of Object.entries(REGIONS).entries()) {
      this.core.ip(
        // An address of its own: a bridge takes the lowest of its ports' otherwise, another each time that one comes or
        // goes, and for five seconds its neighbours send to the one before.
        `link add ${region} address 02:00:00:00:01:0${index} type bridge`,
        `addr add ${v4}.1/24 dev ${region}`,
        `addr add ${v6}:1/64 dev ${region} nodad`,
        `link set ${region} up`,
      );
    }
    this.server = new Namespace("server");
    this.#plug(this.server, "eth0", "middle", [
      ...SERVER.v4.map((addr) => `${addr}/24`),
      ...SERVER.v6.map((addr) => `${addr}/64`),
    ]);
    // One name, and another that a DNS64 would make of it (RFC 6147) where there is IPv6 alone.
    // The mounts are the laboratory's own.
    const hosts = `${FILES}/hosts`;
    writeFileSync(
      hosts,
      `127.0.0.1 localhost\n::1 localhost\n${SERVER.v4[0]} ${SERVER_NAME}\n${SERVER.v6[0]} ${SERVER_NAME}\n` +
        `${SERVER_64[0]} ${SERVER_NAME_64}\n`,
    );
    must("mount", ["--bind", hosts, "/etc/hosts"]);
  }

  // Connects a machine to a region of the internet; its default routes lead there.
  #plug(machine, name, region, addresses) {
    const outside = `${machine.name}.${name}`.slice(0, 15);
    machine.cable(name, addresses, this.core, outside);
    this.core.ip(`link set ${outside} master ${region}`);
    const { v4, v6 } = REGIONS[region];
    machine.ip(
      addresses.some((addr) => !addr.includes(":")) ? `route add default via ${v4}.1 dev ${name}` : "",
      addresses.some((addr) => addr.includes(":")) ? `route add default via ${v6}:1 dev ${name}` : "",
    );
  }

  // An address of a region that nobody has yet.
  #next(region) {
    const number = this.#count[region]++;
    const { v4, v6 } = REGIONS[region];
    return { number, v4: `${v4}.${number}`, v6: `${v6}:${number}`, prefix: v6 };
  }

  // A router that the internet sees at `wan`. `ext` is where it translates to.
  router(name, region, { v4 = true, v6 = false } = {}) {
    const machine = new Namespace(name, { forwards: true });
    const wan = this.#next(region);
    this.#plug(machine, "wan", region, [...(v4 ? [`${wan.v4}/24`] : []), ...(v6 ? [`${wan.v6}/64`] : [])]);
    if (v6) {
      // The home's prefix is 2001:db8:R:N::/64, N the router's number.
      wan.home = `${wan.prefix.slice(0, -1)}:${wan.number}`;
      this.core.ip(`route add ${wan.home}::/64 via ${wan.v6} dev ${region}`);
      machine.nft(FIREWALL_V6);
    }
    return { machine, wan };
  }

  // A host on its own, at home behind `router`.
  home(name, router, { lan = "lan", v4 = true, wan, mtu = 1500 } = {}) {
    const host = new Namespace(name);
    const v6 = wan?.home;
    host.cable(
      "eth0",
      [...(v4 ? [`${HOME.host}/24`] : []), ...(v6 ? [`${v6}::2/64`] : [])],
      router,
      lan,
      [...(v4 ? [`${HOME.router}/24`] : []), ...(v6 ? [`${v6}::1/64`] : [])],
    );
    host.ip(
      `link set eth0 mtu ${mtu}`,
      v4 ? `route add default via ${HOME.router}` : "",
      v6 ? `route add default via ${v6}::1` : "",
    );
    return host;
  }

  // A host in the open, without anything before it.
  open(name, region, { v6 = true } = {}) {
    const host = new Namespace(name);
    const addr = this.#next(region);
    this.#plug(host, "eth0", region, [`${addr.v4}/24`, ...(v6 ? [`${addr.v6}/64`] : [])]);
    return host;
  }

  // A site of one of the kinds; `half` is "west" or "east".
  site(kind, half) {
    const name = `${half[0]}-${kind}`;
    const host = kinds[kind].build(this, name, half);
    const site = {
      name,
      kind,
      half,
      host,
      server: kinds[kind].needsNat64 ? SERVER_NAME_64 : SERVER_NAME,
    };
    this.sites.push(site);
    return site;
  }

  // Half of a NAT64, on a router whose NAT is the other half.
  nat64(machine) {
    this.#starting.push(this.helper(machine, "/usr/bin/python3", "nat64.py", "nat64"));
  }

  // Once this is over, all helpers work.
  async ready() {
    await Promise.all(this.#starting);
  }

  // A program of the laboratory's own, that runs until the end. Resolves with it once it has said something.
  helper(machine, command, file, ...args) {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const [first, ...rest] = [...machine.wrapper, command, path, ...args];
    const child = spawn(first, rest, { stdio: ["ignore", "pipe", "inherit"] });
    return new Promise((resolve, reject) => {
      child.stdout.once("data", () => resolve(child));
      child.once("close", (status) => reject(new Error(`${file} ended with ${status}`)));
    });
  }
}
