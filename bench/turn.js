// The relay of `yodel serve` beside coturn (Debian's turnserver), under one and the same load, in turns.
//
//   node bench/turn.js [--rounds N] [--seconds N] [--json]

'use strict';

const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { option, measure, report } = require('./lib.js');

const YODEL = path.join(__dirname, '..', 'build', 'yodel');
const MEASURES = [
  { key: 'packets_per_cpu_s', what: 'packets one by one, thousand', moreIsBetter: true },
  { key: 'packets_per_cpu_s_burst', what: 'packets in bursts, thousand', moreIsBetter: true },
  { key: 'bindings_per_cpu_s', what: 'Bindings, thousand', moreIsBetter: true },
  { key: 'kib_per_allocation', what: 'memory, KiB per allocation' },
];

function freePort() {
  return new Promise((resolve) => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('connect', () => (socket.destroy(), resolve(true)));
    socket.on('error', () => resolve(false));
  });
}

// A server for each measurement, as ours has: what an earlier one left behind is not counted.
async function measureCoturn(seconds) {
  const port = await freePort();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'yodel-bench-'));
  const child = spawn('turnserver', ['-n', '--no-cli', '--no-tls', '--no-dtls', '--lt-cred-mech', '-u', 'u:p', '-r', 'bench',
    '-L', '127.0.0.1', '-E', '127.0.0.1', '-p', `${port}`, '--allow-loopback-peers', '--log-file', 'stdout',
    '--pidfile', path.join(folder, 'pid')], { cwd: folder, stdio: 'ignore' });
  try {
    for (let i = 0; i < 50 && !(await answers(port)); i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return measure(YODEL, ['bench', 'turn', '--json', '--seconds', seconds, '--against', `127.0.0.1:${port},u,p,${child.pid}`]);
  } finally {
    child.kill('SIGKILL');
    fs.rmSync(folder, { recursive: true });
  }
}

const inThousands = (round) =>
  Object.fromEntries(Object.entries(round).map(([key, value]) => [key, key.includes('per_cpu_s') ? value / 1000 : value]));

async function main() {
  if (spawnSync('turnserver', ['--help'], { stdio: 'ignore' }).error) {
    console.error('bench: without coturn (Debian: coturn) there is nothing to compare with');
    process.exit(1);
  }
  const seconds = option('seconds', '3');
  const yodel = [];
  const rival = [];
  for (let i = 0; i < Number(option('rounds', '3')); i++) {
    yodel.push(inThousands(measure(YODEL, ['bench', 'turn', '--json', '--seconds', seconds])));
    rival.push(inThousands(await measureCoturn(seconds)));
  }
  report('1200 bytes, a processor second', 'coturn', MEASURES, yodel, rival);
}

main();
