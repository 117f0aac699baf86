// A ZIP archive around files that are there already, so that a browser without a folder picker can
// save a whole folder as one download. Nothing is compressed, and no byte of a file is copied: the
// archive is a Blob made of the headers and of the files themselves.
//
// Implements  APPNOTE.TXT 6.3 §4.3.7 (local headers), §4.3.12 (directory), §4.3.14-16 (ends), §4.5.3 (ZIP64), Appendix D (UTF-8)
// Limits      as ZIP64 has them

export interface Entry {
  path: string; // Ends with a slash: a folder.
  size: number;
  crc: number;
  modified: number; // Unix seconds.
}

const U16 = 0xffff;
const U32 = 0xffffffff;
const UTF8 = 0x0800;
const VERSION = 45; // ZIP64.
const UNIX = 3 << 8;

const table = new Uint32Array(256).map((_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

// CRC-32 of ISO 3309. Begin with 0; give each answer back with the next bytes.
export function crc32(bytes: Uint8Array, before = 0): number {
  let value = ~before;
  for (let i = 0; i < bytes.length; i++) value = table[(value ^ bytes[i]!) & 0xff]! ^ (value >>> 8);
  return ~value >>> 0;
}

// Little-endian numbers, each with its width in bytes.
function pack(...fields: [value: number, width: 2 | 4 | 8][]): Uint8Array<ArrayBuffer> {
  const length = fields.reduce((sum, [, width]) => sum + width, 0);
  const view = new DataView(new ArrayBuffer(length));
  let at = 0;
  for (const [value, width] of fields) {
    if (width === 2) view.setUint16(at, value, true);
    else if (width === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += width;
  }
  return new Uint8Array(view.buffer);
}

function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

// MS-DOS time and date: two-second steps from 1980 on, in whatever zone one is.
function dosTime(modified: number): [time: number, date: number] {
  const when = new Date(modified * 1000);
  const year = when.getFullYear();
  if (!(year >= 1980 && year <= 2107)) return [0, (1 << 5) | 1];
  const time = (when.getHours() << 11) | (when.getMinutes() << 5) | (when.getSeconds() >> 1);
  return [time, ((year - 1980) << 9) | ((when.getMonth() + 1) << 5) | when.getDate()];
}

const encoder = new TextEncoder();

export function localHeader(entry: Entry): Uint8Array<ArrayBuffer> {
  const name = encoder.encode(entry.path);
  const [time, date] = dosTime(entry.modified);
  // §4.5.3: in a local header both sizes stand in the extra field.
  const extra = pack([1, 2], [16, 2], [entry.size, 8], [entry.size, 8]);
  const head = pack(
    [0x04034b50, 4], [VERSION, 2], [UTF8, 2], [0, 2], [time, 2], [date, 2],
    [entry.crc, 4], [U32, 4], [U32, 4], [name.length, 2], [extra.length, 2],
  );
  return join(head, name, extra);
}

function directoryHeader(entry: Entry, offset: number): Uint8Array<ArrayBuffer> {
  const name = encoder.encode(entry.path);
  const [time, date] = dosTime(entry.modified);
  const extra = pack([1, 2], [24, 2], [entry.size, 8], [entry.size, 8], [offset, 8]);
  const isFolder = entry.path.endsWith("/");
  const mode = isFolder ? 0o40755 : 0o100644;
  const head = pack(
    [0x02014b50, 4], [UNIX | VERSION, 2], [VERSION, 2], [UTF8, 2], [0, 2], [time, 2], [date, 2],
    [entry.crc, 4], [U32, 4], [U32, 4], [name.length, 2], [extra.length, 2], [0, 2], [0, 2],
    [0, 2], [mode * 0x10000 + (isFolder ? 0x10 : 0), 4], [U32, 4],
  );
  return join(head, name, extra);
}

function ends(count: number, size: number, offset: number): Uint8Array<ArrayBuffer> {
  return join(
    pack(
      [0x06064b50, 4], [44, 8], [VERSION, 2], [VERSION, 2], [0, 4], [0, 4],
      [count, 8], [count, 8], [size, 8], [offset, 8],
    ),
    pack([0x07064b50, 4], [0, 4], [offset + size, 8], [1, 4]),
    pack([0x06054b50, 4], [0, 2], [0, 2], [U16, 2], [U16, 2], [U32, 4], [U32, 4], [0, 2]),
  );
}

// The archive as a list of parts, for a Blob.
export function archive<File>(
  entries: { entry: Entry; content: File }[],
): (File | Uint8Array<ArrayBuffer>)[] {
  const parts: (File | Uint8Array<ArrayBuffer>)[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { entry, content } of entries) {
    const header = localHeader(entry);
    directory.push(directoryHeader(entry, offset));
    parts.push(header, content);
    offset += header.length + entry.size;
  }
  const headers = join(...directory);
  return [...parts, headers, ends(entries.length, headers.length, offset)];
}
