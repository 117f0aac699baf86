// yodel serve tells clients what their NATs do (RFC 5780): coturn's client asks it, in a network with two addresses.
//
// As root: a case has a network namespace of its own.

import { spawn, spawnSync } from "node:child_process";
import { check, runAll, same, serve, test, within, yodel } from "./lib/cases.mjs";

const FIRST = { v4: "5.6.7.8", v6: "2001:db9::8" };
const SECOND = { v4: "5.6.7.9", v6: "2001:db9::9" };
const isRoot = process.getuid() === 0 && spawnSync("unshare", ["--net", "true"]).status === 0;
let count = 0;

// Something that runs programs where these addresses are.
function network(defer, addresses) {
  const name = `discovery-${process.pid}-${count++}`;
  const ip = (...args) => same(spawnSync("ip", args, { stdio: "ignore" }).status, 0, args.join(" "));
  ip("netns", "add", name);
  defer(() => spawnSync("ip", ["netns", "del", name]));
  ip("-n", name, "link", "add", "eth0", "type", "veth", "peer", "name", "eth1");
  for (const addr of addresses) ip("-n", name, "addr", "add", ...(addr.includes(":") ? [`${addr}/64`, "nodad"] : [`${addr}/24`]), "dev", "eth0");
  for (const device of ["lo", "eth0", "eth1"]) ip("-n", name, "link", "set", device, "up");
  return ["ip", "netns", "exec", name];
}

async function started(defer, wrapper, ...args) {
  const child = spawn(wrapper[0], [...wrapper.slice(1), process.env.YODEL, "serve", "--listen", ":8080", ...args],
    { stdio: ["ignore", "pipe", "ignore"] });
  const ended = new Promise((resolve) => child.on("close", resolve));
  defer(async () => (child.kill("SIGKILL"), await ended));
  let out = "";
  await within(5000, new Promise((resolve) => child.stdout.on("data", (data) => (out += data).includes("Ctrl-C") && resolve())), "serve");
}

// What coturn's client says of the mapping and the filtering.
function ask(wrapper, ...args) {
  return spawnSync(wrapper[0], [...wrapper.slice(1), "turnutils_natdiscovery", ...args], { encoding: "utf8", timeout: 20000 }).stdout;
}

function tells(out, other) {
  check(out.includes("NAT with Endpoint Independent Mapping!"), `the mapping: ${out}`);
  check(out.includes("NAT with Endpoint Independent Filtering!"), `the filtering: ${out}`);
  check(out.includes(`Response origin: : ${other}:3479`), `an answer from the other address: ${out}`);
}

if (isRoot) {
  for (const family of ["v4", "v6"]) {
    test(`two public addresses of IP${family} tell by themselves`, async (defer) => {
      const wrapper = network(defer, [FIRST[family], SECOND[family]]);
      await started(defer, wrapper);
      tells(ask(wrapper, "-m", "-f", "-L", FIRST[family], FIRST[family]), SECOND[family]);
    });
  }

  test("on one address, the second is named", async (defer) => {
    const wrapper = network(defer, ["10.0.0.1", "10.0.0.2"]);
    await started(defer, wrapper, "--udp", "10.0.0.1:3478", "--stun-other", "10.0.0.2");
    tells(ask(wrapper, "-m", "-f", "10.0.0.1"), "10.0.0.2");
  });

  test("a second port alone, private addresses and off name no other address", async (defer) => {
    for (const [addresses, args] of [
      [["10.0.0.1"], ["--stun-other", "10.0.0.1:3479"]],
      [["10.0.0.1", "10.0.0.2"], []],
      [["5.6.7.8", "5.6.7.9"], ["--stun-other", "off"]],
    ]) {
      const wrapper = network(defer, addresses);
      await started(defer, wrapper, ...args);
      const out = ask(wrapper, "-f", addresses[0]);
      check(out.includes("UDP reflexive addr") && !out.includes("Other addr"), out);
    }
  });

  test("padding is refused: an answer would be as long", async (defer) => {
    const wrapper = network(defer, [FIRST.v4, SECOND.v4]);
    await started(defer, wrapper);
    check(ask(wrapper, "-f", "-P", FIRST.v4).includes("420"), "420");
  });
}

test("a second address that cannot be aborts the start with a sentence", async (defer) => {
  const busy = await serve(defer, "--udp", "127.0.0.1:0");
  const port = Number(/on UDP 127\.0\.0\.1:(\d+)/.exec(busy.out)[1]);
  for (const other of ["nowhere", "198.51.100.1", "127.0.0.1/0.0.0.0", `127.0.0.1:${port}`]) {
    const result = await yodel("serve", "--listen", "127.0.0.1:0", "--udp", "127.0.0.1:0", "--stun-other", other);
    same(result.code, other === "nowhere" || other.includes("/") ? 2 : 1, other);
    check(result.err.includes("--stun-other"), `${other}: ${result.err}`);
  }
});

await runAll();
