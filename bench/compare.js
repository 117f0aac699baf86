// Runs both implementations in turns, and prints the median of each number and what lies between.
//
//   node bench/compare.js [--rounds N] [--seconds N] [--json]

'use strict';

const { execFileSync } = require('node:child_process');
const path = require('node:path');

const YODEL = path.join(__dirname, '..', 'build', 'yodel');
const RIVAL = path.join(__dirname, 'rival.js');
const MEASURES = [
  { key: 'mb_per_s', what: 'throughput, MB/s', moreIsBetter: true },
  { key: 'cpu_s_per_gb', what: 'processor, s per GB' },
  { key: 'setup_ms', what: 'setup, ms' },
  { key: 'kib_per_peer', what: 'memory, KiB per peer' },
];

function option(name, fallback) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
}

function measure(command, args) {
  const out = execFileSync(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(out.toString());
}

function median(rounds, key) {
  const sorted = rounds.map((round) => round[key]).sort((x, y) => x - y);
  return sorted[sorted.length >> 1];
}

const seconds = option('seconds', '5');
const yodel = [];
const rival = [];
for (let i = 0; i < Number(option('rounds', '3')); i++) {
  yodel.push(measure(YODEL, ['bench', 'data', '--json', '--seconds', seconds]));
  rival.push(measure(process.execPath, [RIVAL, '--seconds', seconds]));
}

const rows = MEASURES.map(({ key, what, moreIsBetter }) => {
  const ours = median(yodel, key);
  const theirs = median(rival, key);
  return { key, what, ours, theirs, ratio: moreIsBetter ? ours / theirs : theirs / ours };
});
if (process.argv.includes('--json')) {
  const plain = rows.map(({ key, ours, theirs, ratio }) => [key, { ours, theirs, ratio }]);
  console.log(JSON.stringify(Object.fromEntries(plain)));
} else {
  console.log(`${'64 KiB messages, loopback'.padEnd(26)}${'Yodel'.padStart(10)}${'libwebrtc'.padStart(12)}${'better by'.padStart(12)}`);
  for (const { what, ours, theirs, ratio } of rows) {
    console.log(`${what.padEnd(26)}${ours.toFixed(1).padStart(10)}${theirs.toFixed(1).padStart(12)}${`${ratio.toFixed(1)}x`.padStart(12)}`);
  }
}
