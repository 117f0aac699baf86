// A signaling server in the middle: passes WebSocket messages to the real one and back, and changes what it likes.
// It speaks as much of RFC 6455 as that takes: text frames, masked from the client, not masked from the server.

import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:net";

export function acceptFor(key) {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

// Takes whole frames off the front of a buffer.
function takeFrames(buffer) {
  const frames = [];
  for (;;) {
    if (buffer.length < 2) break;
    let len = buffer[1] & 0x7f;
    let at = 2;
    if (len === 126) {
      if (buffer.length < 4) break;
      len = buffer.readUInt16BE(2);
      at = 4;
    }
    const isMasked = (buffer[1] & 0x80) !== 0;
    const end = at + (isMasked ? 4 : 0) + len;
    if (buffer.length < end) break;
    const body = Buffer.from(buffer.subarray(end - len, end));
    if (isMasked) for (let i = 0; i < len; i++) body[i] ^= buffer[at + (i % 4)];
    frames.push({ opcode: buffer[0] & 0x0f, body });
    buffer = buffer.subarray(end);
  }
  return { frames, rest: buffer };
}

function frameOf({ opcode, body }, isMasked) {
  const mask = isMasked ? 0x80 : 0;
  const head =
    body.length < 126
      ? Buffer.from([0x80 | opcode, mask | body.length])
      : Buffer.from([0x80 | opcode, mask | 126, body.length >> 8, body.length & 0xff]);
  // A mask of zeros changes nothing.
  return Buffer.concat([head, Buffer.alloc(isMasked ? 4 : 0), body]);
}

function pass(from, to, isMasked, change) {
  let buffer = Buffer.alloc(0);
  let isUpgraded = false;
  from.on("data", (data) => {
    buffer = Buffer.concat([buffer, data]);
    if (!isUpgraded) {
      const end = buffer.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = String(buffer.subarray(0, end + 4)).replace(/sec-websocket-extensions:.*\r\n/i, "");
      to.write(head);
      buffer = buffer.subarray(end + 4);
      isUpgraded = true;
    }
    const { frames, rest } = takeFrames(buffer);
    buffer = rest;
    for (const frame of frames) to.write(frameOf(change(frame), isMasked));
  });
  from.on("close", () => to.destroy());
  from.on("error", () => to.destroy());
}

// `meddle` gets the `data` of each signal that a client sends, and returns another.
export async function startMiddle(place, meddle) {
  const { port } = new URL(place.url);
  const sockets = new Set();
  const server = createServer((client) => {
    const real = connect(Number(port), "127.0.0.1");
    sockets.add(client).add(real);
    pass(client, real, true, (frame) => {
      if (frame.opcode !== 1) return frame;
      const message = JSON.parse(String(frame.body));
      if (message.type === "signal") message.data = meddle(message.data);
      return { opcode: 1, body: Buffer.from(JSON.stringify(message)) };
    });
    pass(real, client, false, (frame) => frame);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  place.atEnd(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}
