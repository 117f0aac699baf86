// What changes in the middle of a transfer: the way out of a host, what a NAT remembers, the server that introduced the two.

import { isTrue } from "../../e2e/transfer/check.mjs";
import { Flow, pause } from "../lab/flow.mjs";
import { Namespace } from "../lab/namespace.mjs";
import { portRestricted, symmetricRandom } from "../lab/nats.mjs";
import { SERVE, SERVER_NAME } from "../lab/internet.mjs";

const GATHERED_MS = 2000; // A pair that was gathered before takes over.
const RESTART_MS = 5000; // Another has to be found.
const CALM_MS = 1000; // Nothing happens to the path.

// A host with two ways out, each through a NAT of its own; an address is only used on its own way.
function withTwoUplinks(internet, name) {
  const host = new Namespace(name);
  const uplinks = [0, 1].map((i) => {
    const { machine, wan } = internet.router(`${name}-nat${i}`, "west");
    const [at, via] = [`192.168.${i + 1}.2`, `192.168.${i + 1}.1`];
    machine.nft(portRestricted());
    host.cable(`eth${i}`, [`${at}/24`], machine, "lan", [`${via}/24`]);
    host.ip(
      `route add default via ${via} dev eth${i} metric ${100 + i}`,
      `rule add from ${at} table ${10 + i}`,
      `route add default via ${via} dev eth${i} table ${10 + i}`,
    );
    return { device: `eth${i}`, address: `${at}/24`, via, table: 10 + i, router: machine, wan };
  });
  return { site: { name, host, server: SERVER_NAME }, host, uplinks };
}

// The uplink that the bytes take.
function inUse({ host, uplinks }) {
  const sent = ({ device }) =>
    JSON.parse(host.run("ip", "-j", "-s", "link", "show", device))[0].stats64.tx.bytes;
  return uplinks.reduce((most, one) => (sent(one) > sent(most) ? one : most));
}

// A home behind a router that can be changed.
function withRouter(internet, name, rules) {
  const { machine, wan } = internet.router(`${name}-nat`, "west");
  machine.nft(rules(wan.v4));
  return { site: { name, host: internet.home(name, machine), server: SERVER_NAME }, router: machine, wan };
}

function peerOf(internet, kind = "port") {
  return internet.sites.find((site) => site.half === "east" && site.kind === kind);
}

// Something happens to a transfer; it goes on within `limit`, and ends whole.
function change(name, limit, build, happen, kind = "port") {
  return {
    name,
    prepare(internet) {
      this.built = build(internet);
    },
    async run(stage, internet) {
      const { built } = this;
      const flow = await Flow.start(stage, built.site, peerOf(internet, kind));
      const calm = await flow.feed(1000);
      await happen(built, stage);
      const gap = await flow.feed(limit + 1000);
      this.note = `a gap of ${gap} ms, ${calm} ms before`;
      isTrue(gap < limit, `nothing arrived for ${gap} ms`);
      await flow.finish();
    },
  };
}

// The second uplink is not there yet.
function withOneUplinkOfTwo(internet, name) {
  const built = withTwoUplinks(internet, name);
  built.host.ip(`link set ${built.uplinks[1].device} down`);
  return built;
}

const twin = (name) => (internet) => withTwoUplinks(internet, name);

export function changes() {
  return [
    change("the uplink in use goes down, and the other takes over", GATHERED_MS, twin("down"), (built) =>
      built.host.ip(`link set ${inUse(built).device} down`)),
    change("the address in use is taken away, and the other takes over", GATHERED_MS, twin("gone"), (built) => {
      const { device, address } = inUse(built);
      built.host.ip(`addr del ${address} dev ${device}`);
    }),
    change("the uplink in use swallows everything, and the other takes over", GATHERED_MS, twin("black"), (built) =>
      inUse(built).router.nft(`table ip hole {
        chain out { type filter hook forward priority filter; drop; }
      }`)),
    change(
      "the only uplink goes down, and another comes",
      RESTART_MS,
      (internet) => withOneUplinkOfTwo(internet, "roams"),
      async ({ host, uplinks: [old, { device, via, table }] }) => {
        host.ip(`link set ${old.device} down`);
        await pause(300);
        host.ip(
          `link set ${device} up`,
          `route add default via ${via} dev ${device}`,
          `route add default via ${via} dev ${device} table ${table}`,
        );
      },
      "full",
    ),
    change(
      "the NAT gets another address",
      GATHERED_MS,
      (internet) => withRouter(internet, "moved", portRestricted),
      ({ router, wan }) => {
        // Linux forgets the mappings of an address with it.
        const prefix = wan.v4.slice(0, wan.v4.lastIndexOf("."));
        router.ip(
          `addr del ${wan.v4}/24 dev wan`,
          `addr add ${prefix}.${100 + wan.number}/24 dev wan`,
          `route add default via ${prefix}.1 dev wan`,
        );
      },
    ),
    change(
      "the NAT forgets, and takes another port",
      GATHERED_MS,
      (internet) => withRouter(internet, "forgetful", symmetricRandom),
      ({ router, wan }) => {
        const prefix = wan.v4.slice(0, wan.v4.lastIndexOf("."));
        router.ip("link set wan down", "link set wan up", `route add default via ${prefix}.1 dev wan`);
      },
      "full", // A port-restricted one would need a relay.
    ),
  ];
}

export const idle = {
  name: "a NAT that forgets after 10 s is kept from it for 25 s without data",
  prepare(internet) {
    this.built = withRouter(internet, "short", portRestricted);
  },
  async run(stage, internet) {
    const { site, router } = this.built;
    router.set({ "net/netfilter/nf_conntrack_udp_timeout": 10, "net/netfilter/nf_conntrack_udp_timeout_stream": 10 });
    const flow = await Flow.start(stage, site, peerOf(internet));
    await pause(25_000);
    const gap = await flow.feed(1000);
    this.note = `then a gap of ${gap} ms`;
    isTrue(gap < CALM_MS, `then nothing arrived for ${gap} ms`);
    await flow.finish();
  },
};

export const orphans = {
  name: "the server dies, and a transfer that it introduced goes on",
  prepare(internet) {
    this.built = withRouter(internet, "orphan", portRestricted);
  },
  async run(stage, internet) {
    const port = 8443;
    const server = stage.start(internet.server, ["serve", ...SERVE, "--listen", `:${port}`, "--udp", `:${port}`, "--turn", "off"]);
    await server.until(() => server.out.includes("Ctrl-C"), "start of the server");
    const at = (site) => ({ ...site, server: `${SERVER_NAME}:${port}` });
    const flow = await Flow.start(stage, at(this.built.site), at(peerOf(internet)));
    server.kill("SIGKILL");
    await server.ended;
    const gap = await flow.feed(3000);
    this.note = `a gap of ${gap} ms`;
    isTrue(gap < CALM_MS, `nothing arrived for ${gap} ms`);
    await flow.finish();
  },
};
