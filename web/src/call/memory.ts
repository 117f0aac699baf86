// What a tab remembers of its call, so that a page that is reloaded is the same member, and goes straight back in.

import { asObject } from "./messages.ts";

const KEY = "yodel.call";

export interface Memory {
  room: string;
  member: string;
  isIn: boolean; // It was in the call, and did not leave it.
  isMuted: boolean;
  isCameraOff: boolean;
  hasDevices: boolean; // They were asked for.
}

function fresh(room: string): Memory {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const member = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { room, member, isIn: false, isMuted: false, isCameraOff: false, hasDevices: false };
}

export function recall(room: string): Memory {
  const memory = fresh(room);
  try {
    const kept = asObject(JSON.parse(sessionStorage.getItem(KEY) ?? "null"));
    if (kept?.["room"] === room && typeof kept["member"] === "string") return { ...memory, ...kept };
  } catch {
    // A browser that keeps nothing: then a reload is somebody new.
  }
  return memory;
}

export function remember(memory: Memory): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(memory));
  } catch {
    // See above.
  }
}
