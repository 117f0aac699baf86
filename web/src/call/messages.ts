// What the members of a call say to each other (docs/SIGNALING.md, "Calls"): through the room until they are connected, and over
// a data channel of their own from then on. Whatever a peer wrote is checked here, once.

export const CHANNEL_LABEL = "call";
export const CHANNEL_PROTOCOL = "yodel-call-1";
export const CHAT_MAX = 4000; // Characters in one message.
const MESSAGE_MAX = 64 * 1024;
const ID_MAX = 64;
const WITH_MAX = 64;

const ROLES = ["call", "publish", "play"] as const;
const AUDIO = ["on", "muted", "none"] as const;
const VIDEO = ["camera", "screen", "off", "none"] as const;

export interface Member {
  id: string; // Of its page or program: it outlives a connection to the server.
  with: string[]; // Whom it still has a connection with, by those ids.
  role: (typeof ROLES)[number];
}

export interface MediaState {
  audio: (typeof AUDIO)[number];
  video: (typeof VIDEO)[number];
}

export type ChannelMessage =
  | ({ type: "state" } & MediaState)
  | { type: "chat"; text: string }
  | { type: "leave" };

type Json = Record<string, unknown>;

function oneOf<T extends string>(list: readonly T[], value: unknown): T | undefined {
  return list.find((one) => one === value);
}

function isId(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= ID_MAX;
}

export function asObject(value: unknown): Json | undefined {
  const isOne = typeof value === "object" && value !== null && !Array.isArray(value);
  return isOne ? (value as Json) : undefined;
}

export function readMember(value: unknown): Member | undefined {
  const member = asObject(value);
  if (!member || !isId(member["id"])) return undefined;
  const others = Array.isArray(member["with"]) ? member["with"].slice(0, WITH_MAX).filter(isId) : [];
  // A role of later days is somebody who wants to talk, until we know better.
  return { id: member["id"], with: others, role: oneOf(ROLES, member["role"]) ?? "call" };
}

export function abortCode(data: unknown): string | undefined {
  const code = asObject(asObject(data)?.["abort"])?.["code"];
  return typeof code === "string" ? code : undefined;
}

// A message of the channel; undefined for what is none, or of a type that is not ours.
export function readChannelMessage(data: unknown): ChannelMessage | undefined {
  if (typeof data !== "string" || data.length > MESSAGE_MAX) return undefined;
  let message: Json | undefined;
  try {
    message = asObject(JSON.parse(data));
  } catch {
    return undefined;
  }
  switch (message?.["type"]) {
    case "state": {
      const audio = oneOf(AUDIO, message["audio"]);
      const video = oneOf(VIDEO, message["video"]);
      return audio && video ? { type: "state", audio, video } : undefined;
    }
    case "chat": {
      const text = message["text"];
      if (typeof text !== "string" || text.trim() === "") return undefined;
      return { type: "chat", text: text.slice(0, CHAT_MAX) };
    }
    case "leave":
      return { type: "leave" };
    default:
      return undefined;
  }
}

// ---- rooms

const ROOM_FORM = /^[A-Za-z0-9._-]{1,64}$/;
const ROOM_BYTES = 16; // 128 bits: to know the name is the right to come in.

export function isRoomName(name: string): boolean {
  return ROOM_FORM.test(name);
}

// A name that nobody guesses, in base64url (RFC 4648 §5), whose alphabet rooms allow.
export function randomRoom(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(ROOM_BYTES));
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
