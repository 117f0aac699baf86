// coturn's client.

import { spawn } from "node:child_process";

// Runs turnutils_uclient as alice: pairs of clients that relay to each other. Gives what it sent and got.
export function uclient(port, password, more = [], peers = ["-y"], way = ["-s", "-c"]) {
  return new Promise((resolve) => {
    const args = ["-u", "alice", "-w", password, "-n", "5", "-m", "1", ...way, ...more];
    const child = spawn("turnutils_uclient", [...args, ...peers, "-p", `${port}`, "127.0.0.1"]);
    let out = "";
    const kill = setTimeout(() => child.kill("SIGKILL"), 20000);
    child.stdout.on("data", (data) => (out += data));
    child.stderr.on("data", (data) => (out += data));
    child.on("close", () => {
      clearTimeout(kill);
      const sums = [...out.matchAll(/tot_send_msgs=(\d+), tot_recv_msgs=(\d+)/g)].at(-1);
      resolve({ out, sent: Number(sums?.[1] ?? 0), got: Number(sums?.[2] ?? 0) });
    });
  });
}
