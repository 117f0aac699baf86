// The doctor behind each NAT: it says what the NAT is, from what one server with two addresses tells it (RFC 5780).

import { isTrue } from "../../e2e/transfer/check.mjs";
import { SERVER } from "../lab/internet.mjs";
import { kinds } from "../lab/kinds.mjs";
import { AD, APD, EI } from "../lab/nats.mjs";

const WORDS = { [EI]: "endpoint-independent", [AD]: "address-dependent", [APD]: "address- and port-dependent" };

function sentence(claim) {
  if (!claim) return "no STUN server answers";
  if (claim.isTranslated !== false) return `mapping ${WORDS[claim.mapping]}, filtering ${WORDS[claim.filtering]}`;
  return claim.filtering === EI ? "none on the way to the server" : "lets in only who was spoken to";
}

function verdict(claim) {
  return !claim || claim.mapping !== EI ? "warn" : "ok";
}

function diagnosis(site, family, claim) {
  const url = family === "v4" ? `https://${SERVER.v4[0]}` : `https://[${SERVER.v6[0]}]`;
  return {
    name: `the doctor at ${site.name} over IP${family}: ${sentence(claim)}`,
    async run(stage) {
      // Libwebsockets finds no address in a certificate that it has in brackets.
      const trusts = family === "v6" ? ["--insecure"] : [];
      const doctor = stage.start(site.host, ["doctor", "--json", ...trusts, url]);
      await doctor.exit();
      const lines = doctor.lines.map((text) => JSON.parse(text));
      const line = lines.find(({ check }) => check === "nat");
      isTrue(line, "a line for the NAT");
      // Whatever else is shut: the relay answers where the page does.
      const relay = lines.find(({ check }) => check === "turn-tls");
      isTrue(relay?.verdict === "ok" && relay.detail.includes(":443"), JSON.stringify(relay));
      isTrue(line.detail.includes(sentence(claim)) && line.verdict === verdict(claim), JSON.stringify(line));
      this.note = line.detail;
    },
  };
}

// Where one family gets to the server at all: TCP has to.
export function diagnoses(internet) {
  const sites = internet.sites.filter(({ half }) => half === "west");
  return sites.flatMap((site) => {
    const { v4, v6 } = kinds[site.kind];
    const hasV4 = v4 || !v6;
    return [...(hasV4 ? [diagnosis(site, "v4", v4)] : []), ...(v6 ? [diagnosis(site, "v6", v6)] : [])];
  });
}
