// The relay of `yodel serve` beside coturn (Debian's turnserver), under one and the same load, in turns.
//
//   node bench/turn.js [--transport udp|tcp|tls] [--rounds N] [--seconds N] [--json]        without: UDP, then TLS

'use strict';

const { execFileSync, spawn, spawnSync } = require('node:child_process');
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

// What coturn needs to speak TLS; our own bench makes its own.
function certificate(folder) {
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(folder, name));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
    '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost'], { stdio: 'ignore' });
  return ['--cert', cert, '--pkey', key];
}

// A server for each measurement, as ours has: what an earlier one left behind is not counted.
async function measureCoturn(options) {
  const port = await freePort();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'yodel-bench-'));
  const security = options.includes('tls') ? ['--tls-listening-port', `${port}`, '-p', `${await freePort()}`, ...certificate(folder)]
    : ['--no-tls', '-p', `${port}`];
  const child = spawn('turnserver', ['-n', '--no-cli', '--no-dtls', '--lt-cred-mech', '-u', 'u:p', '-r', 'bench',
    '-L', '127.0.0.1', '-E', '127.0.0.1', ...security, '--allow-loopback-peers', '--log-file', 'stdout',
    '--pidfile', path.join(folder, 'pid')], { cwd: folder, stdio: 'ignore' });
  try {
    for (let i = 0; i < 50 && !(await answers(port)); i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return measure(YODEL, ['bench', 'turn', '--json', ...options, '--against', `127.0.0.1:${port},u,p,${child.pid}`]);
  } finally {
    child.kill('SIGKILL');
    fs.rmSync(folder, { recursive: true });
  }
}

const inThousands = (round) =>
  Object.fromEntries(Object.entries(round).map(([key, value]) => [key, key.includes('per_cpu_s') ? value / 1000 : value]));

async function compare(transport) {
  const options = ['--seconds', option('seconds', '3'), '--transport', transport];
  const yodel = [];
  const rival = [];
  for (let i = 0; i < Number(option('rounds', '3')); i++) {
    yodel.push(inThousands(measure(YODEL, ['bench', 'turn', '--json', ...options])));
    rival.push(inThousands(await measureCoturn(options)));
  }
  report(`1200 bytes over ${transport}`, 'coturn', MEASURES, yodel, rival);
}

async function main() {
  if (spawnSync('turnserver', ['--help'], { stdio: 'ignore' }).error) {
    console.error('bench: without coturn (Debian: coturn) there is nothing to compare with');
    process.exit(1);
  }
  const wanted = option('transport', '');
  for (const transport of wanted ? [wanted] : ['udp', 'tls']) await compare(transport);
}

main();
