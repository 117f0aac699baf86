// The four numbers of `yodel bench`, of libwebrtc as npm packages it: two peers of one process,
// over sockets of this machine. process.cpuUsage counts all of its threads.
//
//   node bench/rival.js [--seconds N] [--size BYTES] [--pairs N]

'use strict';

const { RTCPeerConnection } = require('@roamhq/wrtc');

const BUFFERED_HIGH = 4 * 1024 * 1024; // Where the sender pauses, as in yodel bench.
const SETUPS = 15;
const WARM_UP_MS = 500;

function option(name, fallback) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
}

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

function opened(channel) {
  return new Promise((done, fail) => {
    channel.onopen = done;
    channel.onerror = fail;
    if (channel.readyState === 'open') done();
  });
}

async function connect() {
  const a = new RTCPeerConnection();
  const b = new RTCPeerConnection();
  const hand = (to) => ({ candidate }) => candidate && to.addIceCandidate(candidate).catch(late);
  const late = () => {}; // The other side is closed already.
  a.onicecandidate = hand(b);
  b.onicecandidate = hand(a);
  const channel = a.createDataChannel('bench');
  const other = new Promise((done) => {
    b.ondatachannel = (event) => done(event.channel);
  });
  await a.setLocalDescription(await a.createOffer());
  await b.setRemoteDescription(a.localDescription);
  await b.setLocalDescription(await b.createAnswer());
  await a.setRemoteDescription(b.localDescription);
  await opened(channel);
  const received = await other;
  await opened(received);
  return { a, b, channel, received };
}

function close(pair) {
  pair.a.close();
  pair.b.close();
}

async function measureSetup() {
  const times = [];
  for (let i = 0; i < SETUPS; i++) {
    const start = process.hrtime.bigint();
    const pair = await connect();
    times.push(Number(process.hrtime.bigint() - start) / 1e6);
    close(pair);
  }
  return times.sort((x, y) => x - y)[SETUPS >> 1];
}

async function measureMemory(count) {
  const first = await connect(); // What the process needs once, it needs for any number.
  const before = process.memoryUsage.rss();
  const pairs = [];
  for (let i = 0; i < count; i++) pairs.push(await connect());
  await wait(WARM_UP_MS);
  const grown = process.memoryUsage.rss() - before;
  pairs.forEach(close);
  close(first);
  return grown / 1024 / (2 * count);
}

async function measureThroughput(seconds, size) {
  const pair = await connect();
  const payload = new Uint8Array(size);
  let bytes = 0;
  let goesOn = true;
  // The package has no bufferedamountlow; a millisecond's worth is far less than what waits.
  const fill = () => {
    while (goesOn && pair.channel.bufferedAmount < BUFFERED_HIGH) pair.channel.send(payload);
    if (goesOn) setTimeout(fill, 1);
  };

  pair.received.binaryType = 'arraybuffer';
  pair.received.onmessage = ({ data }) => {
    bytes += data.byteLength;
  };
  fill();
  await wait(WARM_UP_MS);
  bytes = 0;
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  await wait(seconds * 1000);
  const got = bytes;
  const used = process.cpuUsage(cpu);
  const elapsed = Number(process.hrtime.bigint() - start) / 1e9;
  goesOn = false;
  close(pair);
  return {
    mb_per_s: got / 1e6 / elapsed,
    cpu_s_per_gb: (used.user + used.system) / 1e6 / (got / 1e9),
  };
}

async function main() {
  const setup_ms = await measureSetup();
  const kib_per_peer = await measureMemory(option('pairs', 25));
  const throughput = await measureThroughput(option('seconds', 5), option('size', 64 * 1024));
  const rounded = Object.entries({ ...throughput, setup_ms, kib_per_peer });
  console.log(JSON.stringify(Object.fromEntries(rounded.map(([k, v]) => [k, +v.toFixed(2)]))));
  process.exit(0); // Its threads would linger.
}

main().catch((error) => {
  console.error(`rival: ${error.message}`);
  process.exit(1);
});
