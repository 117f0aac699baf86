// The NATs and firewalls, as nftables rules, and what theory says of them.
//
// A router has the interface "wan" towards the internet and "lan" towards its home. `ext` is its address there.
// Implements  RFC 4787 §4.1 (mapping) and §5 (filtering): endpoint-independent (EI), address-dependent (AD), address- and
//             port-dependent (APD); RFC 6092 (an IPv6 firewall); RFC 6888 (a carrier's)

export const EI = "endpoint-independent";
export const AD = "address-dependent";
export const APD = "address-and-port-dependent";

// Whoever knocks at the router itself hears nothing, and leaves no trace: Linux would remember the knocking, and give
// the home's own packet to that address another port.
const SILENT = `
  chain closed {
    type filter hook input priority filter;
    iifname "wan" meta l4proto { tcp, udp } drop
  }`;

// Conntrack is APD filtering by nature. Where it may keep the port, mapping is EI; what it is told, it does.
const conntrack = (how) => () => `table ip nat {
  chain post {
    type nat hook postrouting priority srcnat;
    oifname "wan" meta l4proto udp ${how}
    oifname "wan" masquerade
  }${SILENT}
}`;

// A cone remembers which port outside is whose, and lets in whom `allowed` lets. The port outside depends on that inside
// alone, but is another. Where it `hairpins`, also those at home reach each other by the address outside.
const cone = (allowed, { hairpins = false } = {}) => (ext) => `table ip nat {
  map cone { type inet_service : ipv4_addr . inet_service; flags dynamic; size 65535; }
  set sent { type inet_service . ipv4_addr; flags dynamic; size 65535; }
  chain pre {
    type nat hook prerouting priority dstnat;
    ${hairpins ? "" : 'iifname "wan"'} ip daddr ${ext} ${allowed} dnat ip to udp dport map @cone
  }
  chain post {
    type nat hook postrouting priority srcnat;
    oifname "wan" meta l4proto udp snat to ${ext}:20000-29999
    ${hairpins ? `oifname != "wan" meta l4proto udp ct status dnat snat to ${ext}:20000-29999` : ""}
    oifname "wan" masquerade
  }
  chain learn {
    type filter hook postrouting priority srcnat + 10;
    meta l4proto udp ct status snat ct direction original jump remember
  }
  chain remember {
    add @cone { udp sport : ct original ip saddr . ct original proto-src }
    add @sent { udp sport . ip daddr }
  }${SILENT}
}`;

const only = (accepted) => () => `table ip nat {
  chain post {
    type nat hook postrouting priority srcnat;
    oifname "wan" masquerade
  }
  chain out {
    type filter hook forward priority filter;
    ct state established accept
    iifname "lan" ${accepted} accept
    drop
  }${SILENT}
}`;


// What comes in over IPv6 must be an answer.
export const FIREWALL_V6 = `table ip6 firewall {
  chain in {
    type filter hook forward priority filter;
    ct state established,related accept
    iifname "wan" meta l4proto { tcp, udp } drop
  }
}`;

export const fullCone = cone("meta l4proto udp");
export const hairpinCone = cone("meta l4proto udp", { hairpins: true });
export const restrictedCone = cone("udp dport . ip saddr @sent");
export const portRestricted = conntrack("masquerade");
// A port after the other, so that a neighbouring port is nothing to rely on, either.
export const symmetric = (ext) => conntrack(`snat to ${ext}:numgen inc mod 10000 offset 20000`)(ext);
export const symmetricRandom = conntrack("masquerade fully-random");
export const noUdp = only("meta l4proto tcp");
export const only443 = only("tcp dport 443");
