// What the comparisons share: options, a measurement's JSON, medians, and the table of ratios.

'use strict';

const { execFileSync } = require('node:child_process');

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

// `measures` are { key, what, moreIsBetter }; a round is an object with those keys.
function report(title, rivalName, measures, yodel, rival) {
  const rows = measures.map(({ key, what, moreIsBetter }) => {
    const ours = median(yodel, key);
    const theirs = median(rival, key);
    return { key, what, ours, theirs, ratio: moreIsBetter ? ours / theirs : theirs / ours };
  });
  if (process.argv.includes('--json')) {
    const plain = rows.map(({ key, ours, theirs, ratio }) => [key, { ours, theirs, ratio }]);
    console.log(JSON.stringify({ title, ...Object.fromEntries(plain) }));
    return;
  }
  const line = (what, ...cells) => console.log(what.padEnd(34) + cells.map((cell) => cell.padStart(12)).join(''));
  line(title, 'Yodel', rivalName, 'better by');
  for (const { what, ours, theirs, ratio } of rows) {
    line(what, ours.toFixed(1), theirs.toFixed(1), `${ratio.toFixed(1)}x`);
  }
}

module.exports = { option, measure, report };
