// Video in RTP against FFmpeg: a moving picture in each codec, cut by one and put together by the other.
// What FFmpeg cut must decode to the very pictures of the file; of what we cut, FFmpeg shows all but
// those that it needs to find out what it gets.

import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const TOOL = join(dirname(fileURLToPath(import.meta.url)), "../../build/rtp_file");
const FRAMES = 90;
const FEWEST = 80; // Of ours that FFmpeg must show.
const PATIENCE = 30_000;

const x264 = "-c:v libx264 -preset ultrafast -tune zerolatency -bsf:v h264_metadata=aud=insert";
const CODECS = {
  vp8: { encode: "-c:v libvpx -deadline realtime -cpu-used 8", file: "ivf", name: "VP8" },
  vp9: { encode: "-c:v libvpx-vp9 -deadline realtime -cpu-used 8", file: "ivf", name: "VP9" },
  h264: { encode: x264, file: "h264", name: "H264", fmtp: "packetization-mode=1" },
  "h264-single": {
    encode: `${x264} -slice-max-size 1300`,
    file: "h264",
    name: "H264",
    fmtp: "packetization-mode=0",
  },
};

const run = promisify(execFile);
const ffmpeg = (args) =>
  run("ffmpeg", ["-y", "-hide_banner", "-nostdin", "-loglevel", "fatal", ...args], {
    timeout: PATIENCE,
    maxBuffer: 1 << 24,
  });

// The checksum of each picture, in order.
const hashes = (text) => text.split("\n").filter((line) => /^\d/.test(line)).map((line) => line.split(/,\s*/).pop());
const picturesOf = async (file) => hashes((await ffmpeg(["-i", file, "-fps_mode", "passthrough", "-f", "framemd5", "-"])).stdout);

async function untilBound(port) {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  for (let i = 0; !readFileSync("/proc/net/udp", "utf8").includes(wanted); i++) {
    if (i === 200) {
      throw new Error(`nobody listens on ${port}`);
    }
    await new Promise((next) => setTimeout(next, 50));
  }
}

async function weReceive(folder, codec, source, port) {
  const got = join(folder, `received-${codec}.${CODECS[codec].file}`);
  const tool = run(TOOL, ["receive", codec, String(port), got], { timeout: PATIENCE });
  tool.catch(() => {}); // It is waited for below.
  await untilBound(port);
  const rate = CODECS[codec].file === "h264" ? ["-framerate", "30"] : []; // IVF says it itself.
  await ffmpeg(["-re", ...rate, "-i", source, "-c", "copy", "-strict", "-2", "-f", "rtp", `rtp://127.0.0.1:${port}?pkt_size=1200`]);
  await tool;
  return picturesOf(got);
}

async function weSend(folder, codec, source, port) {
  const { name, fmtp } = CODECS[codec];
  const sdp = join(folder, `${codec}.sdp`);
  writeFileSync(sdp, ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
    `m=video ${port} RTP/AVP 96`, `a=rtpmap:96 ${name}/90000`, ...(fmtp ? [`a=fmtp:96 ${fmtp}`] : []), ""].join("\n"));
  const player = spawn("ffmpeg", ["-hide_banner", "-nostdin", "-loglevel", "fatal", "-protocol_whitelist", "file,udp,rtp",
    "-i", sdp, "-fps_mode", "passthrough", "-f", "framemd5", "-flush_packets", "1", "-"], { stdio: ["ignore", "pipe", "inherit"] });
  let shown = "";
  player.stdout.on("data", (piece) => (shown += piece));
  try {
    await untilBound(port);
    await run(TOOL, ["send", codec, String(port), source], { timeout: PATIENCE });
    await new Promise((next) => setTimeout(next, 1500));
  } finally {
    const ended = new Promise((done) => player.once("exit", done));
    player.kill("SIGINT");
    await ended;
  }
  return hashes(shown);
}

// Calls `say` with a line for each claim that holds, and throws where one does not.
export async function videoBothWays(claim) {
  const folder = mkdtempSync(join(tmpdir(), "yodel-rtp-"));
  let port = 45000;
  const tryCodec = async (codec, source, there, back) => {
    const want = await picturesOf(source);
    await claim(`${codec}: FFmpeg's packets become the pictures of the file`, async () => {
      const got = await weReceive(folder, codec, source, there);
      if (want.length !== FRAMES || got.join() !== want.join()) {
        throw new Error(`${got.length} pictures of ${want.length}, or others`);
      }
    });
    await claim(`${codec}: FFmpeg shows what our packets hold`, async () => {
      const got = await weSend(folder, codec, source, back);
      const from = want.indexOf(got[0]);
      if (got.length < FEWEST || got.join() !== want.slice(from, from + got.length).join()) {
        throw new Error(`${got.length} pictures of ${want.length}, or others`);
      }
    });
  };
  try {
    const tries = [];
    for (const [codec, { encode, file }] of Object.entries(CODECS)) {
      const source = join(folder, `${codec}.${file}`);
      await ffmpeg(["-f", "lavfi", "-i", `testsrc2=size=640x360:rate=30:duration=${FRAMES / 30}`, ...encode.split(" "),
        "-b:v", "2M", "-g", "30", source]);
      tries.push(() => tryCodec(codec, source, (port += 2), (port += 2)));
    }
    await Promise.all(tries.map((attempt) => attempt())); // Each of them mostly waits.
  } finally {
    rmSync(folder, { recursive: true });
  }
}
