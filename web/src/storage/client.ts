// The page's end of the worker: promises instead of messages.

import type { Reading, Source } from "../transfer/sender.ts";
import type { FileItem } from "../transfer/messages.ts";
import type { Writing } from "../transfer/receiver.ts";
import { Problem } from "../problem.ts";
import type { Answer, Envelope, Request } from "./protocol.ts";

interface Waiter {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

export class Files {
  readonly #worker: Worker;
  readonly #waiters = new Map<number, Waiter>();
  #lastId = 0;

  constructor(url: string) {
    this.#worker = new Worker(new URL(url, document.baseURI), { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => this.#take(data);
    this.#worker.onerror = () => {
      for (const waiter of this.#waiters.values()) waiter.reject(new Problem("io"));
      this.#waiters.clear();
    };
  }

  ask(request: Request, transfer: Transferable[] = []): Promise<unknown> {
    const id = ++this.#lastId;
    const envelope: Envelope = { id, request };
    return new Promise((resolve, reject) => {
      this.#waiters.set(id, { resolve, reject });
      this.#worker.postMessage(envelope, transfer);
    });
  }

  async read(file: File): Promise<Reading> {
    const key = (await this.ask({ op: "read-open", file })) as number;
    // The browser says NotReadableError when a file is not what it was when it was chosen.
    const careful = async (request: Request): Promise<unknown> => {
      try {
        return await this.ask(request);
      } catch (thrown) {
        throw new Problem((thrown as Error).name === "NotReadableError" ? "file-changed" : "io");
      }
    };
    return {
      skip: (length) => careful({ op: "read-skip", key, length }) as Promise<string>,
      rewind: async () => void (await careful({ op: "read-rewind", key })),
      next: async () => {
        const chunk = (await careful({ op: "read-next", key })) as ArrayBuffer | undefined;
        return chunk && new Uint8Array(chunk);
      },
      sha256: () => careful({ op: "read-sha256", key }) as Promise<string>,
      close: () => void this.ask({ op: "read-close", key }),
    };
  }

  // `saved` gets what was written, where the output is the browser's own and not the user's folder.
  async write(
    request: Request & { op: "write-part" | "write-file" | "write-memory" },
    saved: (blob: Blob | undefined) => void,
    gone: () => Promise<void> = async () => undefined,
  ): Promise<Writing> {
    const key = (await this.ask(request)) as number;
    return {
      write: async (piece) => void (await this.ask({ op: "write", key, piece }, [piece])),
      sha256: () => this.ask({ op: "write-sha256", key }) as Promise<string>,
      save: async () => saved((await this.ask({ op: "write-save", key })) as Blob | undefined),
      discard: async () => {
        await this.ask({ op: "write-discard", key });
        await gone();
      },
      suspend: async () => {
        await this.ask({ op: "write-suspend", key });
        await gone();
      },
    };
  }

  #take({ id, value, error }: Answer): void {
    const waiter = this.#waiters.get(id);
    this.#waiters.delete(id);
    if (error) waiter?.reject(Object.assign(new Error(error.message), { name: error.name }));
    else waiter?.resolve(value);
  }
}

export interface Chosen {
  path: string;
  file?: File; // None: an empty folder.
}

export function sourcesOf(files: Files, chosen: Chosen[]): Source[] {
  return chosen.map(({ path, file }): Source => {
    if (!file) return { item: { path, kind: "folder" } };
    const item: FileItem = { path, kind: "file", size: file.size };
    if (file.lastModified > 0) item.modified = Math.floor(file.lastModified / 1000);
    return { item, open: () => files.read(file) };
  });
}
