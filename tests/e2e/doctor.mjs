// yodel doctor: what it says of healthy servers, of broken ones, and of ones that lie.
//
// YODEL names the program. As root, a case has a network namespace with a firewall of its own.

import { spawn, spawnSync } from "node:child_process";
import dgram from "node:dgram";
import net from "node:net";
import { check, makeFolder, runAll, same, serve, test, within } from "./lib/cases.mjs";
import { makeCertificate } from "./lib/certificate.mjs";

const VERDICTS = ["ok", "warn", "fail"];

// Runs the doctor to its end; `lines` by check, the worst of several.
async function doctor(url, args = [], { before = [], env = {}, ms = 28000 } = {}) {
  const [program, ...rest] = [...before, process.env.YODEL, "doctor", "--json", ...args, url];
  const child = spawn(program, rest, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  let out = "";
  let err = "";
  child.stdout.on("data", (data) => (out += data));
  child.stderr.on("data", (data) => (err += data));
  const code = await within(ms, new Promise((resolve) => child.on("close", resolve)), "the doctor");
  same(err, "", "standard error");
  const lines = {};
  for (const text of out.trim().split("\n")) {
    const line = JSON.parse(text);
    same(Object.keys(line).join(), "check,verdict,detail,fix", "the members");
    check(VERDICTS.includes(line.verdict), `the verdict: ${text}`);
    check((line.fix === "") === (line.verdict === "ok"), `a fix where something is wrong: ${text}`);
    // eslint-disable-next-line no-control-regex
    check(!/[\u0000-\u001f\u007f-\u009f]/.test(line.detail + line.fix), `no control characters: ${text}`);
    const worst = lines[line.check];
    if (!worst || VERDICTS.indexOf(line.verdict) > VERDICTS.indexOf(worst.verdict)) lines[line.check] = line;
  }
  const hasFailed = Object.values(lines).some((line) => line.verdict === "fail");
  same(code, hasFailed ? 1 : 0, `the exit of ${out}`);
  return lines;
}

function expect(lines, name, verdict, detail, fix = "") {
  const line = lines[name];
  check(line, `a line for ${name}: ${JSON.stringify(lines)}`);
  same(line.verdict, verdict, `${name}: ${JSON.stringify(line)}`);
  check(line.detail.includes(detail), `"${detail}" in ${JSON.stringify(line)}`);
  check(line.fix.includes(fix), `"${fix}" in ${JSON.stringify(line)}`);
}

const at = (server) => `${server.secure ? "https" : "http"}://127.0.0.1:${server.port}`;

function freePort() {
  return new Promise((resolve) => {
    const socket = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

// A TCP server that answers each connection with `answer`.
async function standIn(defer, answer) {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => answer && socket.write(answer));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  defer(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

async function coturn(defer, ...args) {
  const port = await freePort();
  const fixed = ["-n", "--no-cli", "--lt-cred-mech", "-u", "u:p", "-r", "test", "-L", "127.0.0.1",
    "--allow-loopback-peers", "--pidfile", "/dev/null", "--log-file", "stdout", "-p", String(port)];
  const child = spawn("turnserver", [...fixed, ...args], { stdio: "ignore" });
  const ended = new Promise((resolve) => child.on("close", resolve).on("error", resolve));
  defer(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  for (let tries = 0; tries < 100; tries++) {
    const isUp = await new Promise((resolve) => {
      const socket = net.connect(port, "127.0.0.1");
      socket.on("connect", () => resolve(true)).on("error", () => resolve(false)).on("connect", () => socket.destroy());
    });
    if (isUp) return port;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("coturn did not start (is the package there?)");
}

test("a healthy server has nothing but ok", async (defer) => {
  const server = await serve(defer, "--udp", "127.0.0.1:0");
  const lines = await doctor(at(server));
  for (const name of ["interfaces", "ipv6", "dns", "tcp", "certificate", "http", "clock", "signaling", "stun", "udp",
    "nat", "hairpin", "mtu", "turn-udp", "turn-tcp", "credentials", "external-address"]) {
    check(lines[name], `a line for ${name}`);
    if (name !== "interfaces") same(lines[name].verdict, "ok", JSON.stringify(lines[name]));
  }
  expect(lines, "turn-udp", "ok", "a message each way");
  expect(lines, "turn-tcp", "ok", "a message each way");
  expect(lines, "credentials", "ok", "refuses a wrong password");
  expect(lines, "clock", "ok", "agrees");
});

test("where nothing listens, that is said, and how to begin", async () => {
  const lines = await doctor(`http://127.0.0.1:${await freePort()}`);
  expect(lines, "tcp", "fail", "nothing listens", "yodel serve");
  check(!lines.signaling && !lines.stun, "what cannot be known has no line");
});

test("a name that does not exist is told from a server that does not", async () => {
  const lines = await doctor("http://nothing.invalid:1");
  expect(lines, "dns", "fail", "nothing.invalid", "");
});

test("a certificate of one's own fails, and with --insecure warns", async (defer) => {
  const server = await serve(defer, "--self-signed");
  expect(await doctor(at(server)), "certificate", "fail", "nobody vouches", "tls-cert");
  const lines = await doctor(at(server), ["--insecure"]);
  expect(lines, "certificate", "warn", "nobody vouches", "tls-cert");
  expect(lines, "signaling", "ok", "hello");
});

test("a server without UDP offers neither STUN nor relays", async (defer) => {
  const lines = await doctor(at(await serve(defer)));
  expect(lines, "stun", "warn", "no STUN", "udp = off");
  check(!lines.udp && !lines.nat, "what cannot be known has no line");
});

test("http:// where https is spoken, and the other way round", async (defer) => {
  const plain = await serve(defer);
  const lines = await doctor(at(plain).replace("http:", "https:"));
  expect(lines, "certificate", "fail", "no TLS", "http://");
});

test("a server behind a firewall that drops UDP", async (defer) => {
  if (process.getuid() !== 0 || spawnSync("unshare", ["--net", "true"]).status !== 0) return;
  const name = `doctor-${process.pid}`;
  const run = (...args) => same(spawnSync("ip", args, { stdio: "ignore" }).status, 0, args.join(" "));
  run("netns", "add", name);
  defer(() => spawnSync("ip", ["netns", "del", name]));
  run("-n", name, "link", "set", "lo", "up");
  const rules = "table inet f { chain i { type filter hook input priority 0; meta l4proto udp drop; }; }";
  same(spawnSync("ip", ["netns", "exec", name, "nft", rules]).status, 0, "nft");
  const before = ["ip", "netns", "exec", name];
  const child = spawn(before[0], [...before.slice(1), process.env.YODEL, "serve", "--listen", "127.0.0.1:8080",
    "--udp", "127.0.0.1:3478"], { stdio: ["ignore", "pipe", "ignore"] });
  defer(async () => {
    child.kill("SIGKILL");
    await new Promise((resolve) => (child.exitCode === null && child.signalCode === null ? child.on("close", resolve) : resolve()));
  });
  await within(5000, new Promise((resolve) => child.stdout.on("data", (data) => String(data).includes("Ctrl-C") && resolve())), "serve");
  const lines = await doctor("http://127.0.0.1:8080", [], { before });
  expect(lines, "tcp", "ok", "connected");
  expect(lines, "stun", "fail", "does not answer", "UDP 3478");
  expect(lines, "udp", "fail", "blocked", "TLS");
  expect(lines, "turn-udp", "fail", "not reached", "UDP 3478");
});

test("coturn works, and a wrong user is told", async (defer) => {
  const url = at(await serve(defer));
  const port = await coturn(defer);
  let lines = await doctor(url, ["--turn", `turn:127.0.0.1:${port},u,p`, "--turn", `turn:127.0.0.1:${port}?transport=tcp,u,p`]);
  expect(lines, "turn-udp", "ok", "a message each way");
  expect(lines, "turn-tcp", "ok", "a message each way");
  lines = await doctor(url, ["--turn", `turn:127.0.0.1:${port},u,wrong`]);
  expect(lines, "credentials", "fail", '"u"', "turn-user");
  lines = await doctor(url, ["--turn", `turn:127.0.0.1:${port},1500000000:u,p`]);
  expect(lines, "credentials", "fail", "expired", "new ones");
});

test("coturn over TLS works for who trusts its authority, and for nobody else", async (defer) => {
  const url = at(await serve(defer));
  const { key, cert } = makeCertificate(makeFolder(defer), { name: "IP:127.0.0.1" });
  const port = await freePort();
  await coturn(defer, "--cert", cert, "--pkey", key, "--tls-listening-port", String(port));
  const server = ["--turn", `turns:127.0.0.1:${port}?transport=tcp,u,p`];
  const env = { SSL_CERT_FILE: cert };
  expect(await doctor(url, server, { env }), "turn-tls", "ok", "a message each way");
  expect(await doctor(url, server), "turn-tls", "fail", "certificate", "name");
  expect(await doctor(url, [...server, "--insecure"]), "turn-tls", "ok", "a message each way");
  const named = ["--turn", `turns:localhost:${port}?transport=tcp,u,p`]; // The certificate has the address alone.
  expect(await doctor(url, named, { env }), "turn-tls", "fail", "certificate", "name");
});

test("coturn with a wrong external address", async (defer) => {
  const url = at(await serve(defer));
  const port = await coturn(defer, "--external-ip", "198.51.100.9");
  const lines = await doctor(url, ["--turn", `turn:127.0.0.1:${port},u,p`]);
  expect(lines, "external-address", "fail", "198.51.100.9", "turn-external = 127.0.0.1");
});

test("coturn that relays for anybody", async (defer) => {
  const url = at(await serve(defer));
  const port = await freePort();
  const child = spawn("turnserver", ["-n", "--no-cli", "--no-auth", "-L", "127.0.0.1", "--allow-loopback-peers", "--pidfile",
    "/dev/null", "--log-file", "stdout", "-p", String(port)], { stdio: "ignore" });
  defer(() => child.kill("SIGKILL"));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(await doctor(url, ["--turn", `turn:127.0.0.1:${port},u,p`]), "credentials", "fail", "anybody", "turn-user");
});

test("servers that answer garbage, or too much, or nothing", async (defer) => {
  const long = "HTTP/1.1 200 OK\r\nx: " + "\x1b[2Ja".repeat(100000);
  for (const [answer, verdict, detail] of [
    ["\x1b[31m<script>alert(1)</script>\r\n\r\n", "fail", "not HTTP"],
    [long, "fail", "not HTTP"],
    ["HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "fail", "404"],
    ["", "fail", "nothing is answered"],
  ]) {
    const lines = await doctor(await standIn(defer, answer), ["--timeout", "10"]);
    expect(lines, "http", verdict, detail);
    check(lines.signaling?.verdict === "fail", "no hello");
  }
});

test("a STUN server that lies sends nobody anywhere", async (defer) => {
  const stun = dgram.createSocket("udp4");
  await new Promise((resolve) => stun.bind(0, "127.0.0.1", resolve));
  defer(() => stun.close());
  const victim = dgram.createSocket("udp4");
  await new Promise((resolve) => victim.bind(0, "127.0.0.1", resolve));
  defer(() => victim.close());
  let hits = 0;
  victim.on("message", () => hits++);
  stun.on("message", (request, from) => {
    // A success without an address, and OTHER-ADDRESS on the very same host.
    const answer = Buffer.alloc(32);
    answer.writeUInt16BE(0x0101, 0);
    answer.writeUInt16BE(12, 2);
    request.copy(answer, 4, 4, 20);
    answer.writeUInt16BE(0x802c, 20);
    answer.writeUInt16BE(8, 22);
    answer.writeUInt16BE(1, 24);
    answer.writeUInt16BE(victim.address().port, 26);
    answer.set([127, 0, 0, 1], 28);
    stun.send(answer, from.port, from.address);
  });
  const server = await serve(defer, "--ice-servers", `stun:127.0.0.1:${stun.address().port}`);
  expect(await doctor(at(server)), "stun", "fail", "without an address", "no STUN");
  same(hits, 0, "datagrams to the victim");
});

test("bad arguments are usage errors", async () => {
  for (const args of [["ftp://x"], ["a", "b"], ["--turn", "x"], ["--timeout", "0"]]) {
    same(spawnSync(process.env.YODEL, ["doctor", ...args]).status, 2, args.join(" "));
  }
});

test("Ctrl-C ends it, with 130 and without a word", async (defer) => {
  const url = await standIn(defer, "");
  const child = spawn(process.env.YODEL, ["doctor", "--json", url], { stdio: ["ignore", "pipe", "ignore"] });
  let out = "";
  child.stdout.on("data", (data) => (out += data));
  setTimeout(() => child.kill("SIGINT"), 700);
  same(await within(5000, new Promise((resolve) => child.on("close", resolve)), "the end"), 130, "the exit");
  same(out, "", "what was said");
});

await runAll();
