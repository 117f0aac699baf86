// Servers that are not ours, and ours with somebody in the middle.

import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { equal, isTrue, matches } from "./check.mjs";
import { bothWell } from "./files.mjs";
import { startMiddle } from "./middle.mjs";

async function listen(server, place) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  place.atEnd(() => server.close());
  return server.address().port;
}

async function refused(place, url, what, options = []) {
  await writeFile(place.path("f"), "x");
  const began = Date.now();
  const sender = place.start(["send", "--json", "--server", url, ...options, "f"]);
  const receiver = place.receive("7-amber-falcon", { url, options: ["--yes", ...options] });
  for (const one of [sender, receiver]) {
    equal(await one.exit(10_500), 4, `${one.args[0]}'s exit`);
    equal(one.events.length, 1, "events");
    equal(one.lines.length, 0, "lines that are no JSON");
    matches(one.last("error").text, what, "the sentence");
  }
  isTrue(Date.now() - began < 10_000, "within ten seconds");
}

function aForeigner(name, make, what, scheme = "http") {
  return {
    name: `${name} is no server of ours, and that is said`,
    async run(place) {
      const sockets = new Set();
      const server = make();
      server.on("connection", (socket) => {
        sockets.add(socket);
        socket.on("error", () => {});
      });
      place.atEnd(() => sockets.forEach((socket) => socket.destroy()));
      await refused(place, `${scheme}://127.0.0.1:${await listen(server, place)}`, what);
    },
  };
}

const foreign_ = "EE:".repeat(31) + "EE";

function swapInPairing(data) {
  return data.pake ? { pake: { ...data.pake, fingerprint: foreign_ } } : data;
}

function swapInDescription(data) {
  if (!data.description) return data;
  const sdp = data.description.sdp.replace(/(a=fingerprint:sha-256 )\S+/gi, `$1${foreign_}`);
  return { description: { ...data.description, sdp } };
}

function addToDescription(data) {
  if (!data.description) return data;
  const sdp = data.description.sdp.replace(
    /(a=fingerprint:sha-256 \S+\r\n)/i,
    `$1a=fingerprint:sha-256 ${foreign_}\r\n`,
  );
  return { description: { ...data.description, sdp } };
}

function dropFromDescription(data) {
  if (!data.description) return data;
  const sdp = data.description.sdp.replace(/a=fingerprint:\S+ \S+\r\n/gi, "");
  return { description: { ...data.description, sdp } };
}

const spoilConfirm = (data) => (data.confirm ? { confirm: "00".repeat(32) } : data);

function inTheMiddle(what, meddle, receiverCode, senderSays) {
  return {
    name: `a server that ${what} is refused on both sides, and nothing arrives`,
    async run(place) {
      await place.serve();
      const url = await startMiddle(place, meddle);
      await writeFile(place.path("f"), "secret");
      const sender = await place.send(["f"], { url });
      const receiver = place.receive(sender.code, { url });
      isTrue((await receiver.exit(15_000)) !== 0, "the receiver does not end well");
      matches(receiver.last("error").code, receiverCode, "the receiver's error");
      await sender.until(() => sender.events.find((one) => senderSays.test(one.code ?? one.event) || senderSays.test(one.event)), "loud sentence", 15_000);
      isTrue(!existsSync(place.path("in", "f")), "nothing arrived");
      isTrue(!sender.last("connected") && !sender.last("progress"), "nothing was sent");
      sender.kill("SIGINT");
      isTrue((await sender.exit()) !== 0, "the sender does not end well");
    },
  };
}

// Candidates are lost on their way, as where a firewall lets only the server through.
function loseCandidates(data) {
  if ("candidate" in data) return { candidate: null };
  if (!data.description) return data;
  const sdp = data.description.sdp.replace(/a=candidate:[^\r\n]*\r\n/g, "");
  return { description: { ...data.description, sdp } };
}

// The receiver, which has none itself, seems to have given up.
function giveUpEarly(data) {
  return data.description?.type === "answer" ? { abort: { code: "no-path", text: "its relay is \u001b[31mgone" } } : loseCandidates(data);
}

export const foreign = [
  {
    name: "a closed port is said at once",
    run: (place) => refused(place, "http://127.0.0.1:9", /cannot reach .*127\.0\.0\.1:9/),
  },
  {
    name: "a name that nobody has is said",
    run: (place) => refused(place, "http://nobody.invalid:8080", /Yodel server/),
  },
  aForeigner("a web server", () => createServer((_, response) => response.end("hello")), /Yodel server/),
  aForeigner(
    "a web server that has no such page",
    () => createServer((_, response) => response.writeHead(404).end()),
    /Yodel server/,
  ),
  aForeigner("one that hangs up", () => createTcpServer((socket) => socket.destroy()), /Yodel server/),
  aForeigner("one that is silent", () => createTcpServer(() => {}), /Yodel server/),
  aForeigner("one that is silent under TLS", () => createTcpServer(() => {}), /Yodel server/, "https"),
  aForeigner("a plain one where TLS was asked for", () => createServer((_, response) => response.end()), /Yodel server/, "https"),
  aForeigner(
    "one that talks nonsense",
    () => createTcpServer((socket) => socket.write("220 mail.example.org ESMTP\r\n".repeat(1000))),
    /Yodel server/,
  ),
  aForeigner(
    "another WebSocket server",
    () =>
      createServer().on("upgrade", (request, socket) => {
        import("./middle.mjs").then(({ acceptFor }) => {
          socket.write(
            `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: yodel.signal.1\r\nSec-WebSocket-Accept: ${acceptFor(request.headers["sec-websocket-key"])}\r\n\r\n`,
          );
          socket.write(Buffer.from("\x81\x05hello", "latin1"));
        });
      }),
    /Yodel server/,
  ),
  {
    name: "a server's certificate that nobody vouches for is refused, and taken with --insecure",
    async run(place) {
      await place.serve("--self-signed");
      const url = place.url;
      await refused(place, url, /certificate/);
      const sender = await place.send(["f"], { options: ["--insecure"] });
      await bothWell(sender, place.receive(sender.code, { options: ["--yes", "--insecure"] }));
    },
  },
  {
    name: "an address that is none is a mistake of usage",
    async run(place) {
      await writeFile(place.path("f"), "x");
      for (const url of ["nonsense", "ftp://x", "http://", "http://x:99999", "http://[::1"]) {
        const sender = place.start(["send", "--json", "--server", url, "f"]);
        equal(await sender.exit(5000), 2, `the exit for ${url}`);
        matches(sender.last("error").text, /no address of a server/, "the sentence");
      }
    },
  },
  inTheMiddle("swaps fingerprints while pairing", swapInPairing, /wrong-code/, /wrong-code/),
  inTheMiddle("spoils confirmations", spoilConfirm, /wrong-code/, /wrong-code/),
  inTheMiddle("swaps fingerprints in descriptions", swapInDescription, /fingerprint-mismatch/, /fingerprint-mismatch|refused/),
  inTheMiddle("adds fingerprints to descriptions", addToDescription, /fingerprint-mismatch|no-connection|bad-description/, /fingerprint-mismatch|refused|waiting|error/),
  inTheMiddle("takes fingerprints out of descriptions", dropFromDescription, /fingerprint-mismatch|bad-description/, /fingerprint-mismatch|refused|waiting|error/),
  {
    name: "where no way is found, both sides say so, and the first tells the other",
    async run(place) {
      await place.serve();
      const aborts = [];
      const url = await startMiddle(place, (data) => {
        if (data.abort) aborts.push(data.abort.code);
        return loseCandidates(data);
      });
      await writeFile(place.path("f"), "x");
      const sender = await place.send(["f"], { url });
      const receiver = place.receive(sender.code, { url });
      for (const one of [sender, receiver]) {
        equal(await one.exit(40_000), 4, `${one.args[0]}'s exit`);
        equal(one.last("error").code, "no-connection", `${one.args[0]}'s error`);
      }
      isTrue(aborts.length > 0 && aborts.every((code) => code === "no-path"), `aborts: ${aborts}`);
    },
  },
  {
    name: "who hears that the other side found no way does not look for one any longer",
    async run(place) {
      await place.serve();
      const url = await startMiddle(place, giveUpEarly);
      await writeFile(place.path("f"), "x");
      const sender = await place.send(["f"], { url });
      place.receive(sender.code, { url });
      equal(await sender.exit(5000), 4, "the sender's exit");
      equal(sender.last("error").code, "no-connection", "its error");
      const { text } = sender.last("error");
      isTrue(text.endsWith("the other side says: its relay is ?[31mgone"), text);
    },
  },
];
