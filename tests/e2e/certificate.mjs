// Whom the program takes a server's certificate from, where the server is an address and where it is a name: for signaling,
// by `yodel send`, which has a code then, and by `yodel doctor`.
//
// YODEL names the program.

import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import tls from "node:tls";
import { makeCertificate } from "../browser/lib/certificate.mjs";
import { check, makeFolder, runAll, same, serve, test, within } from "./lib/cases.mjs";
import { Program } from "./transfer/program.mjs";

// A server on every address, with a certificate for `names`: its port, and who trusts its authority.
async function serveAs(defer, ...names) {
  const folder = makeFolder(defer);
  const { authority, certificate, key } = await makeCertificate(folder, names);
  const { port } = await serve(defer, "--listen", ":0", "--tls-cert", certificate, "--tls-key", key);
  return { folder, port, env: { SSL_CERT_FILE: authority } };
}

function run(defer, args, env) {
  const program = new Program(args, { env });
  defer(async () => {
    program.kill("SIGKILL");
    await program.ended;
  });
  return program;
}

function send(defer, server, host, { env = server.env, options = [] } = {}) {
  const file = join(server.folder, "file");
  writeFileSync(file, "hello");
  return run(defer, ["send", "--json", "--server", `https://${host}:${server.port}`, ...options, file], env);
}

async function isTaken(...args) {
  await send(...args).event("code");
}

async function isRefused(...args) {
  const program = send(...args);
  same(await program.exit(), 4, `the exit: ${program.out}`);
  check(program.last("error")?.text.includes("certificate is not trusted"), program.out);
}

for (const [host, right, wrong] of [
  ["127.0.0.1", "127.0.0.1", ["IP:127.0.0.2", "IP:::1", "DNS:127.0.0.1", "DNS:localhost"]],
  ["[::1]", "::1", ["IP:::2", "IP:127.0.0.1", "DNS:::1", "DNS:[::1]", "DNS:[", "DNS:localhost"]],
]) {
  test(`https://${host} is who has that address in a certificate that is trusted`, async (defer) => {
    const server = await serveAs(defer, "DNS:example.org", "IP:192.0.2.1", `IP:${right}`);
    await isTaken(defer, server, host);
    await isRefused(defer, server, host, { env: {} });
    await isTaken(defer, server, host, { env: {}, options: ["--insecure"] });
    await isRefused(defer, server, "localhost");
  });

  test(`https://${host} is nobody with another address, and no name`, async (defer) => {
    const server = await serveAs(defer, ...wrong);
    await isRefused(defer, server, host);
    await isTaken(defer, server, host, { options: ["--insecure"] });
    await isTaken(defer, server, "localhost");
  });

  test(`doctor finds https://${host} well with such a certificate alone`, async (defer) => {
    for (const [names, verdict] of [[[`IP:${right}`], "ok"], [wrong, "fail"]]) {
      const server = await serveAs(defer, ...names);
      const program = run(defer, ["doctor", "--json", `https://${host}:${server.port}`], server.env);
      same(await program.exit(), verdict === "ok" ? 0 : 1, `the exit: ${program.out}`);
      const lines = program.lines.map((line) => JSON.parse(line));
      for (const name of ["certificate", "signaling"]) {
        same(lines.find((line) => line.check === name)?.verdict, verdict, `${name}: ${program.out}`);
      }
    }
  });
}

test("the server is told a name that it is asked by, and never an address", async (defer) => {
  const folder = makeFolder(defer);
  const { authority, certificate, key } = await makeCertificate(folder, ["DNS:localhost", "IP:127.0.0.1", "IP:::1"]);
  const server = tls.createServer({ cert: readFileSync(certificate), key: readFileSync(key) });
  server.on("tlsClientError", () => {}).listen(0, "::");
  defer(() => server.close());
  await once(server, "listening");
  const place = { folder, port: server.address().port, env: { SSL_CERT_FILE: authority } };
  for (const [host, want, options] of [
    ["127.0.0.1", false, []],
    ["[::1]", false, []],
    ["[::1]", false, ["--insecure"]],
    ["localhost", "localhost", []],
  ]) {
    const connected = once(server, "secureConnection");
    send(defer, place, host, { options });
    const [socket] = await within(5000, connected, "the handshake");
    same(socket.servername, want, `the name for ${host}`);
    socket.destroy();
  }
});

await runAll();
