// SPAKE2 over P-256: a short code makes a strong key, and a guesser gets one guess.
//
// Implements  RFC 9382 §3.3 (the exchange), §4 (the keys and M, N), as fixed in docs/SPAKE2.md
// Not here    who says what when (pairing.ts)

import { p256 } from "@noble/curves/nist.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";

export type Role = "A" | "B";

export const SHARE_SIZE = 65;
const WIDE = 40; // Bytes for a number below n, so many that the remainder is even.

const { Point } = p256;
const ORDER = Point.Fn.ORDER;

// RFC 9382 §4: the two points whose logarithms nobody knows.
const M = Point.fromHex("02886e2f97ace46e55ba9dd7242579f2993b64e16ef3dcab95afd497333d8fa12f");
const N = Point.fromHex("03d8bbd6c639c62937b04d997f38c3770719c629d7014d49a24b4f98baa1292b49");

export interface Keys {
  confirmation: Uint8Array; // What we send.
  expected: Uint8Array; // What the other side must send.
}

function toScalar(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value % ORDER;
}

// docs/SPAKE2.md, step 1.
export function passwordScalar(password: string): bigint {
  const info = utf8ToBytes("yodel spake2 password v1");
  return toScalar(hkdf(sha256, utf8ToBytes(password), undefined, info, WIDE));
}

export function randomScalar(): bigint {
  for (;;) {
    const bytes = crypto.getRandomValues(new Uint8Array(WIDE));
    const value = toScalar(bytes);
    if (value !== 0n) return value;
  }
}

// §3.3: pA = x*P + w*M, pB = y*P + w*N.
export function share(role: Role, w: bigint, secret: bigint): Uint8Array {
  const blind = role === "A" ? M : N;
  return Point.BASE.multiply(secret).add(times(blind, w)).toBytes(false);
}

function times(point: InstanceType<typeof Point>, scalar: bigint): InstanceType<typeof Point> {
  return scalar === 0n ? Point.ZERO : point.multiply(scalar);
}

// Each part behind its length, eight bytes little-endian (§3.3).
function transcript(parts: Uint8Array[]): Uint8Array {
  return concatBytes(
    ...parts.flatMap((part) => {
      const length = new Uint8Array(8);
      new DataView(length.buffer).setBigUint64(0, BigInt(part.length), true);
      return [length, part];
    }),
  );
}

function scalarBytes(value: bigint): Uint8Array {
  return Point.Fn.toBytes(value);
}

export interface Exchange {
  role: Role;
  w: bigint;
  secret: bigint;
  ourIdentity: string;
  theirIdentity: string;
  theirShare: Uint8Array;
}

// Throws where the other side's share is not a point on the curve.
export function finish(exchange: Exchange): Keys {
  const { role, w, secret } = exchange;
  const ourShare = share(role, w, secret);
  if (exchange.theirShare.length !== SHARE_SIZE || exchange.theirShare[0] !== 4) {
    throw new Error("the share has a wrong form");
  }
  const theirs = Point.fromBytes(exchange.theirShare);
  const unblinded = theirs.subtract(times(role === "A" ? N : M, w));
  if (unblinded.is0()) throw new Error("the share is degenerate");
  const shared = unblinded.multiply(secret).toBytes(false);

  const us = [utf8ToBytes(exchange.ourIdentity), ourShare] as const;
  const them = [utf8ToBytes(exchange.theirIdentity), exchange.theirShare] as const;
  const [a, b] = role === "A" ? [us, them] : [them, us];
  const tt = transcript([a[0], b[0], a[1], b[1], shared, scalarBytes(w)]);

  // §4: Ke || Ka = Hash(TT); KcA || KcB = KDF(nil, Ka, "ConfirmationKeys" || AAD).
  const authentication = sha256(tt).subarray(16);
  const info = utf8ToBytes("ConfirmationKeys");
  const confirmation = hkdf(sha256, authentication, undefined, info, 32);
  const ofA = hmac(sha256, confirmation.subarray(0, 16), tt);
  const ofB = hmac(sha256, confirmation.subarray(16), tt);
  return role === "A"
    ? { confirmation: ofA, expected: ofB }
    : { confirmation: ofB, expected: ofA };
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}
