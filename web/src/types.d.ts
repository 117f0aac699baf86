declare module "*.txt" {
  const text: string;
  export default text;
}

// Put in by build.mjs.
declare const WORKER_FILE: string;
declare const VERSION: string;

// The File System Access API, where the browser has it.
interface Window {
  showSaveFilePicker?: (options?: {
    suggestedName?: string;
    id?: string;
    startIn?: string;
  }) => Promise<FileSystemFileHandle>;
  showDirectoryPicker?: (options?: {
    id?: string;
    mode?: "read" | "readwrite";
    startIn?: string;
  }) => Promise<FileSystemDirectoryHandle>;
}

// Of workers only, which the compiler's page library leaves out.
interface FileSystemSyncAccessHandle {
  getSize(): number;
  read(bytes: BufferSource, options?: { at?: number }): number;
  write(bytes: BufferSource, options?: { at?: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}
interface FileSystemFileHandle {
  createSyncAccessHandle(): Promise<FileSystemSyncAccessHandle>;
}
