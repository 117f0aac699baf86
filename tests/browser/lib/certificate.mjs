// An authority of the tests' own, and a certificate that it gives to a server. Browsers read whom
// they trust from NSS's data bases, the program from SSL_CERT_FILE: nobody is told to look away.

import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { NAME } from "./network.mjs";

const run = promisify(execFile);

function ours() {
  const addresses = Object.values(networkInterfaces()).flat().map((one) => one.address);
  return [`DNS:${NAME}`, ...addresses.map((address) => `IP:${address}`)];
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

// Makes both below `folder`: {authority, certificate, key}, three paths. For "DNS:name" or "IP:address", or what this
// machine has.
export async function makeCertificate(folder, names = ours()) {
  await mkdir(folder, { recursive: true });
  const path = (name) => join(folder, name);
  const made = { authority: path("authority.pem"), certificate: path("certificate.pem"), key: path("key.pem") };
  await writeFile(path("extensions"), `subjectAltName=${names}\nextendedKeyUsage=serverAuth\n`);
  await run("openssl", ["req", "-x509", ...KEY, "-days", "90", "-subj", "/CN=Yodel's tests", "-keyout", path("authority.key"),
    "-out", made.authority, "-addext", "keyUsage=critical,keyCertSign"]);
  await run("openssl", ["req", ...KEY, "-subj", "/CN=server", "-keyout", made.key, "-out", path("request.pem")]);
  await run("openssl", ["x509", "-req", "-days", "90", "-in", path("request.pem"), "-CA", made.authority, "-CAkey",
    path("authority.key"), "-CAcreateserial", "-extfile", path("extensions"), "-out", made.certificate]);
  return made;
}

// Lets who reads the data base in `folder` trust the authority.
export async function trust(folder, authority) {
  await mkdir(folder, { recursive: true });
  await run("certutil", ["-N", "-d", `sql:${folder}`, "--empty-password"]);
  await run("certutil", ["-A", "-d", `sql:${folder}`, "-n", "tests", "-t", "C,,", "-i", authority]);
}
