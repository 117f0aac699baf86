// Addresses that this machine gets and loses while it relays, in a network of the cases' own: none that it has is a peer.

import { execFileSync, spawnSync } from "node:child_process";
import { metric, runAll, same, serve, test, until } from "./lib/cases.mjs";
import { UDP, allocated, bound, connect, errorOf, gone, listening, peerAt, spoken } from "./lib/turn.mjs";

// Once more, inside; where that is forbidden there are no cases.
if (!process.env.YODEL_E2E_INSIDE) {
  if (spawnSync("unshare", ["-rn", "true"]).status !== 0) {
    console.log("no network of our own: skipped\n0 of 0 cases passed");
    process.exit(0);
  }
  const inside = ["-rn", process.execPath, ...process.argv.slice(1)];
  process.exit(spawnSync("unshare", inside, { stdio: "inherit", env: { ...process.env, YODEL_E2E_INSIDE: "1" } }).status ?? 1);
}

const ip = (...args) => execFileSync("ip", args);
ip("link", "set", "lo", "up");
// Whoever is asked for there is here, without an address that says so: a peer of the world.
ip("route", "add", "local", "45.0.0.0/16", "dev", "lo");

const base = ["--udp", "127.0.0.1:0", "--turn-user", "alice:wonder", "--turn-realm", "e2e"];
const own = (address) => ["addr", address, "dev", "lo"];

function gain(defer, address) {
  const [object, ...which] = own(address);
  ip(object, "add", ...which);
  defer(() => spawnSync("ip", [object, "del", ...which]));
}

const lose = (address) => ip("addr", "del", ...own(address).slice(1));

const permit = async (client, address) => errorOf(await client.ask(8, [peerAt(0, address)]));

test("an address that becomes ours is no peer from then on, at each worker, and one that is lost may be", async (defer) => {
  const server = await serve(defer, ...base, "--workers", "3");
  const clients = [];
  for (let i = 0; i < 12; i++) {
    const client = await spoken(defer, server);
    same(errorOf(await client.ask(3, [UDP])), 0, "Allocate");
    clients.push(client);
  }
  const all = async (code) => {
    for (const client of clients) if ((await permit(client, "45.0.0.1")) !== code) return false;
    return true;
  };
  same(await all(0), true, "a peer of the world");
  gain(defer, "45.0.0.1/32");
  await until("that it is refused", () => all(403));
  for (const client of clients) same(await permit(client, "45.0.0.2"), 0, "others are not");
  lose("45.0.0.1/32");
  await until("that it is a peer again", () => all(0));
});

test("all that this machine has is refused at the start, however much it is", async (defer) => {
  const addresses = Array.from({ length: 60 }, (_, i) => `45.0.1.${i + 1}`);
  for (const address of addresses) gain(defer, `${address}/32`);
  const server = await serve(defer, ...base);
  const client = await spoken(defer, server);
  same(errorOf(await client.ask(3, [UDP])), 0, "Allocate");
  for (const address of addresses) same(await permit(client, address), 403, address);
  same(await permit(client, "45.0.1.200"), 0, "another");
});

test("T21: a connection with what becomes ours ends, and no other begins", async (defer) => {
  const server = await serve(defer, ...base, "--turn-tcp-relays", "on");
  const [peer, other] = [await listening(defer, { host: "45.0.0.3" }), await listening(defer, { host: "45.0.0.4" })];
  const control = await allocated(defer, server);
  const data = await bound(defer, server, await connect(control, peer.port, "45.0.0.3"));
  const rest = await bound(defer, server, await connect(control, other.port, "45.0.0.4"));
  data.socket.write("hello");
  await until("hello", () => peer.got.toString() === "hello");
  gain(defer, "45.0.0.3/32");
  await gone(data, "the connection's end");
  same(errorOf(await control.ask(10, [peerAt(peer.port, "45.0.0.3")])), 403, "Connect");
  same(await metric(server, "turn_connections"), 1, "connections that are left");
  rest.socket.write("still");
  await until("the other one", () => other.got.toString() === "still");
});

await runAll();
