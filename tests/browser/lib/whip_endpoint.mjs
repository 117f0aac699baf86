// An endpoint for WHIP and WHEP: a page of a real browser behind a small HTTP server, which carries offers into it and
// answers out of it. What is published to it is shown in the page (lib/call.mjs sees and hears it there); what is watched
// is drawn by the page, as the program's test pattern (src/media/pattern.h), from WATCHED_FIRST on.

import { once } from "node:events";
import http from "node:http";

export const WATCHED_FIRST = 5_000_000;

// ---- in the page

const PAGE = '<!doctype html><link rel="icon" href="data:,"><video class="theirs" autoplay playsinline></video>';

function inPage(drawn) {
  const COLUMNS = 16;
  const word = (number) => ((number << 8) | (Math.imul(number + 1, 0x9e3779b1) >>> 24)) >>> 0;
  globalThis.peers = [];

  function draw(context) {
    const bits = word(drawn++);
    for (let bit = 0; bit < 32; bit++) {
      context.fillStyle = (bits >>> (31 - bit)) & 1 ? "white" : "black";
      context.fillRect((bit % COLUMNS) * 20, bit >= COLUMNS ? 22 : 0, 20, 22);
    }
  }

  function show() {
    const canvas = document.createElement("canvas");
    const context = canvas.getContext("2d");
    const audio = new AudioContext();
    const tone = audio.createOscillator();
    const out = audio.createMediaStreamDestination();
    [canvas.width, canvas.height] = [320, 176];
    setInterval(() => draw(context), 50);
    tone.connect(out);
    tone.start();
    return [...canvas.captureStream(20).getTracks(), ...out.stream.getTracks()];
  }

  globalThis.answer = async (id, sdp, isWatched) => {
    const peer = new RTCPeerConnection();
    const video = document.querySelector(".theirs");
    peers[id] = peer;
    peer.ontrack = ({ streams: [stream], track }) => {
      video.srcObject = stream ?? new MediaStream([track]);
    };
    await peer.setRemoteDescription({ type: "offer", sdp });
    if (isWatched) for (const track of show()) peer.addTrack(track);
    await peer.setLocalDescription();
    while (peer.iceGatheringState !== "complete") await new Promise((done) => (peer.onicegatheringstatechange = done));
    return peer.localDescription.sdp;
  };
  globalThis.addCandidates = async (id, lines) => {
    for (const candidate of lines) await peers[id].addIceCandidate({ candidate, sdpMLineIndex: 0 });
  };
  globalThis.end = (id) => peers[id]?.close();
}

// ---- the server

export class WhipEndpoint {
  requests = []; // "POST /whip", in their order.
  #made = -1;

  // A session is at /session/N; publishing at `url`, watching at `watchUrl`, both with the token.
  static async open(browser, { token = "sesame" } = {}) {
    const endpoint = new WhipEndpoint();
    endpoint.token = token;
    endpoint.server = http.createServer((request, response) => void endpoint.#serve(request, response));
    endpoint.server.listen(0, "127.0.0.1");
    await once(endpoint.server, "listening");
    const base = `http://127.0.0.1:${endpoint.server.address().port}`;
    Object.assign(endpoint, { url: `${base}/whip`, watchUrl: `${base}/whep` });
    endpoint.page = await browser.browser.newPage();
    await endpoint.page.goto(`${base}/page`, { waitUntil: "load" });
    await endpoint.page.evaluate(inPage, WATCHED_FIRST);
    await endpoint.page.bringToFront(); // A page that nobody sees draws nothing,
    await endpoint.page.mouse.click(9, 9); // and one that nobody has touched makes no sound.
    return endpoint;
  }

  async #serve(request, response) {
    const reply = (status, fields = {}, body = "") => response.writeHead(status, fields).end(body);
    try {
      if (request.url === "/page") {
        reply(200, { "content-type": "text/html" }, PAGE);
        return;
      }
      const body = (await request.setEncoding("utf8").toArray()).join("");
      this.requests.push(`${request.method} ${request.url}`);
      if (request.headers.authorization === `Bearer ${this.token}`) await this.#act(request, body, reply);
      else reply(401);
    } catch (error) {
      reply(500, { "content-type": "text/plain" }, error.message);
    }
  }

  async #act({ method, url }, body, reply) {
    const id = Number(url.split("/session/")[1]);
    if (method === "OPTIONS") {
      reply(204);
    } else if (method === "POST" && (url === "/whip" || url === "/whep")) {
      const made = ++this.#made;
      const sdp = await this.page.evaluate((...args) => answer(...args), made, body, url === "/whep");
      reply(201, { "content-type": "application/sdp", location: `/session/${made}`, etag: `"${made}"` }, sdp);
    } else if (method === "PATCH" && !body.includes("a=candidate")) {
      reply(405); // No restarts here: whoever lost its path begins anew.
    } else if (method === "PATCH") {
      const lines = [...body.matchAll(/^a=(candidate:.*?)\r?$/gm)].map(([, line]) => line);
      await this.page.evaluate((...args) => addCandidates(...args), id, lines);
      reply(204);
    } else if (method === "DELETE" && id >= 0) {
      await this.page.evaluate((one) => end(one), id);
      reply(200);
    } else {
      reply(404);
    }
  }

  async close() {
    await this.page.close().catch(() => undefined);
    this.server.close();
    this.server.closeAllConnections();
  }
}
