// A stand-in for `yodel serve` that does what ours never would: `meddle` changes what the two sides
// say to each other, `hello` is what it says first, and it can go and come back at the same port.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { extname, join, normalize } from "node:path";
import { WebSocketServer } from "ws";

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
};
export const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

class Codes {
  #byNumber = new Map();

  create(owner) {
    let number = 1;
    while (this.#byNumber.has(number)) number++;
    this.#byNumber.set(number, { owner, taken: false });
    return number;
  }

  get(number) {
    return this.#byNumber.get(number);
  }

  drop(owner) {
    for (const [number, code] of this.#byNumber) if (code.owner === owner) code.owner = undefined;
    return owner;
  }
}

function answer(socket, message) {
  socket.send(JSON.stringify(message));
}

function pairUp(a, b, number) {
  a.mate = b;
  b.mate = a;
  answer(a.socket, { type: "paired", number, peer: b.id });
  answer(b.socket, { type: "paired", number, peer: a.id });
}

function part(client) {
  const { mate } = client;
  client.mate = undefined;
  if (!mate) return;
  mate.mate = undefined;
  answer(mate.socket, { type: "peer-left", peer: client.id });
}

function obey(codes, client, message, meddle) {
  const { socket } = client;
  const code = codes.get(message.number);
  switch (message.type) {
    case "create-code":
      return answer(socket, { type: "code", number: codes.create(client) });
    case "use-code": {
      const fail = (why) =>
        answer(socket, { type: "error", code: why, text: why, re: "use-code" });
      if (!code?.owner) return fail("unknown-code");
      if (code.taken) return fail("used-code");
      code.taken = true;
      return pairUp(code.owner, client, message.number);
    }
    case "reopen-code":
      part(client);
      code.taken = false;
      return answer(socket, { type: "code", number: message.number });
    case "release-code":
      part(client);
      code.owner = undefined;
      return answer(socket, { type: "code-released", number: message.number });
    case "signal": {
      const { mate } = client;
      if (mate?.id !== message.to) {
        return answer(socket, { type: "error", code: "no-such-peer", text: "", re: "signal" });
      }
      const data = meddle ? meddle(message.data, client) : message.data;
      return answer(mate.socket, { type: "signal", from: client.id, data });
    }
  }
}

export async function startStandIn({ dist, meddle, hello, port = 0 }) {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://x").pathname);
    const file = join(dist, path === "/" ? "index.html" : path);
    try {
      const body = await readFile(file);
      response.writeHead(200, {
        "content-type": types[extname(file)] ?? "application/octet-stream",
        "content-security-policy": CSP,
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  const sockets = new WebSocketServer({ server, path: "/signal" });
  const codes = new Codes();
  sockets.on("connection", (socket) => {
    const client = { id: randomUUID(), socket };
    answer(socket, hello ?? { type: "hello", protocol: 1, server: "stand-in", id: client.id, ice_servers: [] });
    socket.on("message", (data) => obey(codes, client, JSON.parse(data), meddle));
    socket.on("close", () => {
      codes.drop(client);
      part(client);
    });
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    port: server.address().port,
    stop() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
    },
  };
}
