// yodel send and yodel receive through a TURN server, and through nothing else.
//
// The server is coturn, another implementation. YODEL names the program.

import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import net from "node:net";
import path from "node:path";
import { check, makeFolder, runAll, same, serve, test, within } from "./lib/cases.mjs";
import { makeCertificate } from "./lib/certificate.mjs";

function freePort() {
  return new Promise((resolve) => {
    const socket = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// coturn on a free port of loopback; ready when it takes a connection.
async function coturn(defer, ...args) {
  const port = await freePort();
  const options = ["-n", "--no-cli", "--lt-cred-mech", "--fingerprint", "-u", "u:p", "-r", "test"];
  const place = ["-L", "127.0.0.1", "--allow-loopback-peers", "--pidfile", "/dev/null", "--log-file", "stdout"];
  const child = spawn("turnserver", [...options, ...place, "-p", String(port), ...args], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.on("close", resolve).on("error", resolve));
  defer(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  for (let tries = 0; tries < 100; tries++) {
    const is_up = await new Promise((resolve) => {
      const socket = net.connect(port, "127.0.0.1");
      socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (is_up) return { port, child };
    await pause(50);
  }
  throw new Error("coturn did not start (is the package there?)");
}

// One end of a transfer: its events as they come, and its exit.
function end(defer, env, ...args) {
  const child = spawn(process.env.YODEL, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  const events = [];
  let rest = "";
  let tell = () => {};
  child.stdout.on("data", (data) => {
    rest += data;
    const lines = rest.split("\n");
    rest = lines.pop();
    for (const line of lines) events.push(JSON.parse(line));
    tell();
  });
  const exit = new Promise((resolve) => child.on("close", (code) => resolve(code)));
  defer(async () => {
    child.kill("SIGKILL");
    await exit;
  });
  const event = async (name) => {
    for (;;) {
      const found = events.find((one) => one.event === name);
      if (found) return found;
      await Promise.race([new Promise((resolve) => (tell = resolve)), exit.then(() => pause(50))]);
      check(child.exitCode === null || events.some((one) => one.event === name), `it ended without "${name}"`);
    }
  };
  return { child, events, exit, event };
}

async function transfer(defer, turn, size = 5_000_000, mine = ["--ice", "relay"], its = [], env = {}) {
  const folder = makeFolder(defer);
  const data = randomBytes(size);
  await writeFile(path.join(folder, "file"), data);
  const server = await serve(defer, ...its);
  const common = ["--json", "--server", `http://127.0.0.1:${server.port}`, ...mine, ...turn.flatMap((one) => ["--turn", one])];
  const sender = end(defer, env, "send", "--no-qr", ...common, path.join(folder, "file"));
  const { code } = await within(5000, sender.event("code"), "the code");
  const began = Date.now();
  const receiver = end(defer, env, "receive", "--yes", ...common, "-o", path.join(folder, "in"), code);
  return {
    sender,
    receiver,
    began,
    async isWhole() {
      same(await within(20000, receiver.exit, "receiving"), 0, "the receiver's exit");
      same(await within(5000, sender.exit, "sending"), 0, "the sender's exit");
      const got = await readFile(path.join(folder, "in", "file"));
      const hash = (bytes) => createHash("sha256").update(bytes).digest("hex");
      same(hash(got), hash(data), "the hash");
    },
  };
}

test("a file goes through a relay over UDP, which stands within three seconds", async (defer) => {
  const { port } = await coturn(defer);
  const url = `turn:127.0.0.1:${port}`;
  const pair = await transfer(defer, [`${url},u,p`]);
  const { text } = await pair.receiver.event("connected");
  check(Date.now() - pair.began < 3000, `it took ${Date.now() - pair.began} ms`);
  check(text.includes(`relay (${url})`), `it says through whom: ${text}`);
  await pair.isWhole();
});

test("a file goes through a relay over TCP", async (defer) => {
  const { port } = await coturn(defer, "--no-udp");
  const url = `turn:127.0.0.1:${port}?transport=tcp`;
  const pair = await transfer(defer, [`${url},u,p`]);
  const { text } = await within(10000, pair.receiver.event("connected"), "connecting");
  check(Date.now() - pair.began < 3000, `it took ${Date.now() - pair.began} ms`);
  check(text.includes(`relay (${url})`), text);
  await pair.isWhole();
});

test("a file goes through a relay over TLS, whose certificate is checked", async (defer) => {
  const { key, cert } = makeCertificate(makeFolder(defer));
  const tls = await freePort();
  await coturn(defer, "--no-udp", "--tls-listening-port", String(tls), "--cert", cert, "--pkey", key);
  const url = `turns:localhost:${tls}`;
  const pair = await transfer(defer, [`${url},u,p`], 5_000_000, undefined, [], { SSL_CERT_FILE: cert });
  const { text } = await within(10000, pair.receiver.event("connected"), "connecting");
  check(text.includes(`relay (${url})`), text);
  await pair.isWhole();

  const stranger = await transfer(defer, [`${url},u,p`]); // Who does not know the certificate.
  same(await within(15000, stranger.receiver.exit, "the end"), 4, "the stranger's exit");
  const { text: why } = stranger.receiver.events.find((one) => one.event === "error");
  check(/TURN server cannot be connected to/.test(why), why);
});

test("a wrong password is said to be one", async (defer) => {
  const { port } = await coturn(defer);
  const pair = await transfer(defer, [`turn:127.0.0.1:${port},u,wrong`]);
  same(await within(15000, pair.receiver.exit, "the end"), 4, "the exit");
  const { text } = pair.receiver.events.find((one) => one.event === "error");
  check(/TURN server refused the user name or the password/.test(text), text);
});

test("a TURN server that does not answer is said to be silent", async (defer) => {
  const port = await freePort();
  const pair = await transfer(defer, [`turn:127.0.0.1:${port},u,p`]);
  same(await within(25000, pair.receiver.exit, "the end"), 4, "the exit");
  const { text } = pair.receiver.events.find((one) => one.event === "error");
  check(/TURN server/.test(text), text);
});

test("with a relay at hand, a direct path is still the one that is taken", async (defer) => {
  const { port } = await coturn(defer);
  const pair = await transfer(defer, [`turn:127.0.0.1:${port},u,p`], 1000, []);
  const { path: taken } = await pair.receiver.event("done");
  await pair.isWhole();
  const { text } = await pair.receiver.event("connected");
  check(!text.includes("relay"), `${text} ${taken}`);
});

// ---- through yodel serve

test("the same server introduces two and relays for them, with credentials that it hands out", async (defer) => {
  const port = await freePort();
  const its = ["--udp", `127.0.0.1:${port}`, "--turn-user", "u:p", "--turn-realm", "test", "--turn-allow", "127.0.0.0/8"];
  const pair = await transfer(defer, [], 5_000_000, ["--ice", "relay"], its);
  const { text } = await within(10000, pair.receiver.event("connected"), "connecting");
  check(text.includes("relay (turn:"), text);
  await pair.isWhole();
});

test("a user of the command line's relays through it too", async (defer) => {
  const port = await freePort();
  const its = ["--udp", `127.0.0.1:${port}`, "--turn-user", "u:p", "--turn-realm", "test", "--turn-allow", "127.0.0.0/8"];
  const url = `turn:127.0.0.1:${port}`;
  const pair = await transfer(defer, [`${url},u,p`], 5_000_000, ["--ice", "relay"], its);
  const { text } = await within(10000, pair.receiver.event("connected"), "connecting");
  check(text.includes(`relay (${url})`), text);
  await pair.isWhole();
});

await runAll();
