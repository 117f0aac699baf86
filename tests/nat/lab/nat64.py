#!/usr/bin/python3
"""Translates between IPv6 and IPv4 without state, packet by packet, on a TUN interface: half of a NAT64 (RFC 6146); the
kernel's NAT behind it is the other half.

Implements  RFC 7915 for TCP and UDP in whole packets; RFC 6052 with 64:ff9b::/96
Not here    fragments, ICMP (the hosts' MTU is small enough), UDP without a checksum

    nat64.py NAME      makes the interface NAME, says "ready", and works until it is killed
"""

import fcntl
import os
import socket
import struct
import subprocess
import sys

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
PREFIX = socket.inet_pton(socket.AF_INET6, "64:ff9b::")[:12]
POOL = bytes([10, 64, 0])
CHECKSUM_AT = {socket.IPPROTO_TCP: 16, socket.IPPROTO_UDP: 6}

known = {}  # By IPv6 address, and by IPv4 address.


def total(data):
    return sum(struct.unpack(f"!{len(data) // 2}H", data))


def fold(value):
    while value > 0xFFFF:
        value = (value & 0xFFFF) + (value >> 16)
    return value


def with_checksum(protocol, payload, before, after):
    """RFC 1624: the addresses are all that changes of what the checksum covers."""
    at = CHECKSUM_AT[protocol]
    old = struct.unpack_from("!H", payload, at)[0]
    new = 0xFFFF - fold((0xFFFF - old) + total(after) + (0xFFFF - fold(total(before))))
    return payload[:at] + struct.pack("!H", new or 0xFFFF) + payload[at + 2 :]


def v4_of(v6):
    if v6 not in known:
        v4 = POOL + bytes([2 + len(known) // 2])
        known[v6], known[v4] = v4, v6
    return known[v6]


def to_v4(packet):
    _, _, protocol, hops = struct.unpack_from("!IHBB", packet)
    source, destination, payload = packet[8:24], packet[24:40], packet[40:]
    if protocol not in CHECKSUM_AT or destination[:12] != PREFIX or hops < 2:
        return None
    addresses = v4_of(source) + destination[12:]
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0x4000, hops - 1, protocol, 0)
    checksum = 0xFFFF - fold(total(head + addresses))
    head = head[:10] + struct.pack("!H", checksum)
    return head + addresses + with_checksum(protocol, payload, source + destination, addresses)


def to_v6(packet):
    size = (packet[0] & 15) * 4
    hops, protocol = packet[8], packet[9]
    source, destination, payload = packet[12:16], packet[16:20], packet[size:]
    if protocol not in CHECKSUM_AT or destination not in known or hops < 2:
        return None
    addresses = PREFIX + source + known[destination]
    head = struct.pack("!IHBB", 0x60000000, len(payload), protocol, hops - 1)
    return head + addresses + with_checksum(protocol, payload, source + destination, addresses)


def main(name):
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    lines = [f"link set {name} up", f"route add 10.64.0.0/24 dev {name}", f"route add 64:ff9b::/96 dev {name}"]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)
    print("ready", flush=True)
    while True:
        packet = os.read(tun, 65536)
        translated = to_v4(packet) if packet[0] >> 4 == 6 else to_v6(packet)
        if translated:
            os.write(tun, translated)


main(sys.argv[1])
