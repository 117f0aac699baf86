// A network namespace: a machine of the laboratory. It vanishes with the laboratory (tests/nat/run).

import { spawnSync } from "node:child_process";

export function must(command, args, input) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { input, encoding: "utf8" });
  if (error || status !== 0) {
    throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? stderr.trim()}\n${input ?? ""}`);
  }
  return stdout;
}

export class Namespace {
  constructor(name, { forwards = false } = {}) {
    this.name = name;
    must("ip", ["netns", "add", name]);
    this.ip("link set lo up");
    if (forwards) {
      this.set({
        "net/ipv4/ip_forward": 1,
        "net/ipv6/conf/all/forwarding": 1,
        "net/ipv4/conf/all/rp_filter": 0,
        "net/ipv4/conf/default/rp_filter": 0,
      });
    }
  }

  // What to put before a command that is to run on this machine.
  get wrapper() {
    return ["nsenter", `--net=/run/netns/${this.name}`];
  }

  run(...command) {
    const [first, ...rest] = [...this.wrapper, ...command];
    return must(first, rest);
  }

  // Lines as `ip` takes them.
  ip(...lines) {
    must("ip", ["-n", this.name, "-batch", "-"], lines.flat().join("\n"));
  }

  nft(rules) {
    const [first, ...rest] = [...this.wrapper, "nft", "-f", "-"];
    must(first, rest, rules);
  }

  set(values) {
    const lines = Object.entries(values).map(([name, value]) => `echo ${value} > /proc/sys/${name}`);
    this.run("sh", "-ec", lines.join("\n"));
  }

  // A cable from `name` here to `otherName` there; both ends up, with `addresses` and `otherAddresses`.
  cable(name, addresses, other, otherName, otherAddresses = []) {
    const up = (at, list) => [
      `link set ${at} up`,
      // Nobody else can have an IPv6 address here: no waiting to find out.
      ...list.map((addr) => `addr add ${addr} dev ${at}${addr.includes(":") ? " nodad" : ""}`),
    ];
    this.ip(`link add ${name} type veth peer name ${otherName} netns ${other.name}`);
    this.ip(up(name, addresses));
    other.ip(up(otherName, otherAddresses));
  }
}
