// Runs both implementations in turns, and prints the median of each number and what lies between.
//
//   node bench/compare.js [--rounds N] [--seconds N] [--json]

'use strict';

const path = require('node:path');
const { option, measure, report } = require('./lib.js');

const YODEL = path.join(__dirname, '..', 'build', 'yodel');
const RIVAL = path.join(__dirname, 'rival.js');
const MEASURES = [
  { key: 'mb_per_s', what: 'throughput, MB/s', moreIsBetter: true },
  { key: 'cpu_s_per_gb', what: 'processor, s per GB' },
  { key: 'setup_ms', what: 'setup, ms' },
  { key: 'kib_per_peer', what: 'memory, KiB per peer' },
];

const seconds = option('seconds', '5');
const yodel = [];
const rival = [];
for (let i = 0; i < Number(option('rounds', '3')); i++) {
  yodel.push(measure(YODEL, ['bench', 'data', '--json', '--seconds', seconds]));
  rival.push(measure(process.execPath, [RIVAL, '--seconds', seconds]));
}
report('64 KiB messages, loopback', 'libwebrtc', MEASURES, yodel, rival);
