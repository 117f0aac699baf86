// Problems: everything that can go wrong, and the words in which the page says so.
//
// Each says what happened, and then what to do. Nothing that a peer or a server wrote is in here.

export type ProblemCode =
  | "no-server"
  | "not-yodel"
  | "bad-code"
  | "unknown-code"
  | "used-code"
  | "wrong-code"
  | "rate-limited"
  | "too-many"
  | "server-error"
  | "fingerprint"
  | "bad-peer"
  | "no-path"
  | "no-relay"
  | "relay-silent"
  | "peer-gone"
  | "connection-lost"
  | "declined"
  | "cancelled"
  | "disk-full"
  | "io"
  | "file-changed"
  | "hash-mismatch"
  | "too-large"
  | "bad-name"
  | "nothing"
  | "server-away"
  | "bad-room"
  | "room-full"
  | "no-camera"
  | "camera-denied"
  | "camera-busy"
  | "no-microphone"
  | "microphone-denied"
  | "microphone-busy"
  | "no-tls"
  | "no-screen"
  | "unsupported";

export interface Explanation {
  what: string;
  todo: string;
}

const explanations: Record<ProblemCode, Explanation> = {
  "no-server": {
    what: "The server does not answer.",
    todo: "Check that you are online. This page keeps trying.",
  },
  "not-yodel": {
    what: "Something answers at this address, but it is not a Yodel server.",
    todo: "Check the address, or tell whoever runs this server.",
  },
  "bad-code": {
    what: "That is not a complete code.",
    todo: "A code is a number and two words, like 7-amber-falcon.",
  },
  "unknown-code": {
    what: "Nobody is waiting under this code.",
    todo: "Check the number. If it is right, the sender has left or the code has expired: ask for a new one.",
  },
  "used-code": {
    what: "Somebody has already used this code.",
    todo: "If that was not you, tell the sender, and ask for a new code.",
  },
  "wrong-code": {
    what: "The two words do not match.",
    todo: "A code works for one try, so that nobody can guess it. Ask the sender for the new one and type it carefully.",
  },
  "rate-limited": {
    what: "Too many tries in a short time.",
    todo: "Wait a minute, then try again.",
  },
  "too-many": {
    what: "You have too many codes open at once.",
    todo: "Close other Yodel pages, then try again.",
  },
  "server-error": {
    what: "The server answered with an error.",
    todo: "Try again. If it stays, tell whoever runs this server.",
  },
  fingerprint: {
    what: "Stopped: somebody between you and the other side tried to take its place.",
    todo: "Nothing was sent. Do not use this server or this network until you know why.",
  },
  "bad-peer": {
    what: "The other side said something that makes no sense.",
    todo: "Both sides should use a current version of Yodel. Try again with a new code.",
  },
  "no-path": {
    what: "No way was found from here to the other side.",
    todo:
      "The relay answered here, so the other side's network seems to let nothing out. Run " +
      "“yodel doctor” there, or try another network.",
  },
  "no-relay": {
    what: "No direct way was found to the other side, and this server offers no relay.",
    todo:
      "Use the same network on both sides, or another one on either. Whoever runs this server " +
      "can switch its relay on: “yodel doctor” says how.",
  },
  "relay-silent": {
    what: "No direct way was found to the other side, and the server's relay does not answer.",
    todo:
      "A firewall here may stop it, or it is down. Run “yodel doctor” with this page's address: " +
      "it says what is closed, and what to change.",
  },
  "peer-gone": {
    what: "The other side has left.",
    todo: "Try again with a new code when both of you are ready.",
  },
  "connection-lost": {
    what: "The connection is gone.",
    todo: "What has arrived is kept. Connect again with the same link, and it goes on from there.",
  },
  declined: {
    what: "The other side said no, thank you.",
    todo: "Ask them, and send it again if that was a mistake.",
  },
  cancelled: {
    what: "The transfer was cancelled.",
    todo: "What is complete stays. You can begin again at any time.",
  },
  "disk-full": {
    what: "There is no room left to save this.",
    todo: "Make room, or choose a folder on another disk. It then goes on where it stopped.",
  },
  io: {
    what: "A file could not be read or written.",
    todo: "Check that it is still there and that you may use it, then try again.",
  },
  "file-changed": {
    what: "A file changed while it was being sent.",
    todo: "Close the program that is writing it, then send it again.",
  },
  "hash-mismatch": {
    what: "A file did not arrive as it was sent, so it was thrown away.",
    todo: "Send it again. If it happens twice, a disk or a memory may be faulty.",
  },
  "too-large": {
    what: "The other side sent more than it had announced.",
    todo: "Nothing of that file was kept. Send it again.",
  },
  "bad-name": {
    what: "A file has a name that cannot be used here.",
    todo: "Ask the sender to rename it.",
  },
  nothing: {
    what: "There is nothing to send in what you chose.",
    todo: "Choose files, or folders with files in them.",
  },
  "server-away": {
    what: "The server does not answer.",
    todo: "The call goes on without it. This page keeps trying, as it is needed where the path breaks.",
  },
  "bad-room": {
    what: "That is not a room's name.",
    todo: "Up to 64 letters, digits, dots, dashes and underscores, without spaces.",
  },
  "room-full": {
    what: "This call is for two, and two are in it.",
    todo: "Wait until one of them leaves, or call under another link.",
  },
  "no-camera": {
    what: "No camera was found.",
    todo: "You can still see and hear the other side. A camera that you plug in can be chosen at any time.",
  },
  "camera-denied": {
    what: "This page may not use the camera.",
    todo: "To be seen, allow it in the browser's address bar or in the system's settings, then choose it again.",
  },
  "camera-busy": {
    what: "The camera does not start.",
    todo: "Another program may be using it: close that, then choose the camera again.",
  },
  "no-microphone": {
    what: "No microphone was found.",
    todo: "You can still see and hear the other side. A microphone that you plug in can be chosen at any time.",
  },
  "microphone-denied": {
    what: "This page may not use the microphone.",
    todo: "To be heard, allow it in the browser's address bar or in the system's settings, then choose it again.",
  },
  "microphone-busy": {
    what: "The microphone does not start.",
    todo: "Another program may be using it: close that, then choose the microphone again.",
  },
  "no-tls": {
    what: "Browsers give camera and microphone only to pages that came over TLS.",
    todo: "Open this page with https, or as localhost. You can still see and hear the other side.",
  },
  "no-screen": {
    what: "No screen can be shared from here.",
    todo: "This browser does not offer it, or the system does not allow it. The call goes on.",
  },
  unsupported: {
    what: "This browser cannot make direct connections.",
    todo: "WebRTC is missing or switched off. Use a current Firefox, Chrome, Edge or Safari.",
  },
};

export class Problem extends Error {
  readonly code: ProblemCode;

  constructor(code: ProblemCode) {
    super(explanations[code].what);
    this.name = "Problem";
    this.code = code;
  }

  get todo(): string {
    return explanations[this.code].todo;
  }
}

export function isProblemCode(code: unknown): code is ProblemCode {
  return typeof code === "string" && Object.hasOwn(explanations, code);
}

// Why no path was found: by what the server offers, and whether its relay answered.
export function noPath(iceServers: RTCIceServer[], hasRelay: boolean): Problem {
  const urls = iceServers.flatMap((server) => server.urls);
  if (!urls.some((url) => /^turns?:/.test(url))) return new Problem("no-relay");
  return new Problem(hasRelay ? "no-path" : "relay-silent");
}

// Makes a Problem of whatever was thrown: the browser's own errors have names.
export function toProblem(thrown: unknown, otherwise: ProblemCode): Problem {
  if (thrown instanceof Problem) return thrown;
  const name = (thrown as { name?: unknown } | null)?.name;
  if (name === "QuotaExceededError") return new Problem("disk-full");
  return new Problem(otherwise);
}
