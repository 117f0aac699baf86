// What the page and its worker say to each other about files. One request, one answer, in order
// for each open file.

export type Request =
  | { op: "read-open"; file: File }
  | { op: "read-skip"; key: number; length: number }
  | { op: "read-rewind"; key: number }
  | { op: "read-next"; key: number }
  | { op: "read-sha256"; key: number }
  | { op: "read-close"; key: number }
  | { op: "part-find"; name: string; limit: number }
  | { op: "write-part"; name: string; offset: number }
  | { op: "write-file"; handle: FileSystemFileHandle }
  | { op: "write-memory" }
  | { op: "write"; key: number; piece: ArrayBuffer }
  | { op: "write-sha256"; key: number }
  | { op: "write-save"; key: number }
  | { op: "write-discard"; key: number }
  | { op: "write-suspend"; key: number }
  | { op: "zip"; files: ZipFile[] };

export interface ZipFile {
  path: string;
  blob: Blob;
  modified: number;
}

export interface Part {
  size: number;
  sha256: string;
}

export interface Envelope {
  id: number;
  request: Request;
}

export interface Answer {
  id: number;
  value?: unknown;
  error?: { name: string; message: string };
}

// Where parts live in the browser's private file system.
export const PARTS_FOLDER = "yodel-parts";
