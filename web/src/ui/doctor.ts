// The doctor's page: a table that fills while the checks run.

import { diagnose, type Finding, type Verdict } from "../doctor.ts";
import { announce, button, h, icon } from "./dom.ts";

// In the order of reading.
const order = ["webrtc", "interfaces", "ipv6", "signaling", "stun", "turn", "turn-udp", "turn-tcp", "turn-tls"];
const rank = (check: string) => order.indexOf(check);

const titles: Record<string, string> = {
  webrtc: "WebRTC",
  interfaces: "This device",
  ipv6: "IPv6",
  signaling: "Signaling",
  stun: "STUN",
  turn: "Relay",
  "turn-udp": "Relay over UDP",
  "turn-tcp": "Relay over TCP",
  "turn-tls": "Relay over TLS",
};

const words: Record<Verdict, string> = { ok: "OK", warn: "Warning", fail: "Fails" };

function row(finding: Finding): HTMLElement {
  return h(
    "tr",
    { "data-check": finding.check, "data-verdict": finding.verdict },
    h("td", { class: `verdict ${finding.verdict}` }, icon(finding.verdict === "ok" ? "check" : finding.verdict === "warn" ? "alert" : "cross"), words[finding.verdict]),
    h("th", { scope: "row" }, titles[finding.check] ?? finding.check),
    h("td", {}, h("p", {}, finding.detail), finding.fix !== "" && h("p", { class: "fix" }, h("strong", {}, "What to do: "), finding.fix)),
  );
}

function sum(findings: Finding[]): string {
  const count = (verdict: Verdict) => findings.filter((finding) => finding.verdict === verdict).length;
  const [warned, failed] = [count("warn"), count("fail")];
  if (failed > 0) return failed === 1 ? "One thing does not work." : `${failed} things do not work.`;
  if (warned > 0) return "It works, but not for everybody.";
  return "Everything works.";
}

export class DoctorPage {
  readonly #goBack: () => void;
  readonly #status = h("p", { class: "status", role: "status" });
  readonly #rows = h("tbody");
  #findings: Finding[] = [];
  #run = 0; // Findings of an older one are nobody's any more.

  constructor(goBack: () => void) {
    this.#goBack = goBack;
  }

  elements(): Node[] {
    return [
      h("h1", {}, "Can this browser connect?"),
      this.#status,
      h(
        "table",
        { class: "card doctor", "aria-label": "What was found" },
        h("thead", { class: "unseen" }, h("tr", {}, h("th", { scope: "col" }, "Verdict"), h("th", { scope: "col" }, "What"), h("th", { scope: "col" }, "Found"))),
        this.#rows,
      ),
      h(
        "div",
        { class: "row actions" },
        button("Look again", () => this.start(), { class: "primary" }),
        button("Back", () => this.#leave()),
      ),
      h("p", { class: "hint" }, "A terminal sees more than a browser may: ", h("code", {}, `yodel doctor ${location.origin}`)),
    ];
  }

  start(): void {
    const run = ++this.#run;
    delete this.#status.dataset["done"];
    this.#findings = [];
    this.#rows.replaceChildren();
    this.#status.textContent = "Looking at this browser, the network and the server…";
    void diagnose((finding) => run === this.#run && this.#add(finding)).then(() => run === this.#run && this.#end());
  }

  stop(): void {
    this.#run++;
  }

  leave(): void {
    this.stop();
  }

  #leave(): void {
    this.stop();
    this.#goBack();
  }

  #add(finding: Finding): void {
    this.#findings.push(finding);
    this.#findings.sort((a, b) => rank(a.check) - rank(b.check));
    this.#rows.replaceChildren(...this.#findings.map(row));
  }

  #end(): void {
    const text = sum(this.#findings);
    this.#status.textContent = text;
    this.#status.dataset["done"] = "yes";
    announce(text);
  }
}
