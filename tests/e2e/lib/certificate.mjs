// Certificates that vouch for themselves.

import { execFileSync } from "node:child_process";
import { join } from "node:path";

const KINDS = { ec: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"], rsa: ["-newkey", "rsa:2048"] };

// Makes one in `folder`, for "DNS:name" or "IP:address": two paths. The same folder's is replaced.
export function makeCertificate(folder, { name = "DNS:localhost", kind = "ec" } = {}) {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  execFileSync("openssl", ["req", "-x509", ...KINDS[kind], "-nodes", "-keyout", key, "-out", cert, "-days", "90",
    "-subj", "/CN=localhost", "-addext", `subjectAltName=${name}`], { stdio: "ignore" });
  return { key, cert };
}
