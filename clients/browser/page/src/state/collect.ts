import { comparePaths } from "../paths.js";
import type { Picked } from "./queue.js";

/** A dropped item in each form that browsers offer. */
interface Dropped {
  handle: Promise<FileSystemHandle | null> | undefined;
  entry: FileSystemEntry | null;
  file: File | null;
}

type WithHandle = DataTransferItem & { getAsFileSystemHandle?(): Promise<FileSystemHandle | null> };

/** Returns the dropped items. Call it in the drop event, because browsers forget them afterwards. */
export function droppedItems(transfer: DataTransfer): Dropped[] {
  return [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item: WithHandle) => ({
      handle: item.getAsFileSystemHandle?.().catch(() => null),
      entry: item.webkitGetAsEntry?.() ?? null,
      file: item.getAsFile(),
    }));
}

/** Returns the dropped files and folders that a browser with handles can open again after a reload. */
export async function handlesOf(items: Dropped[]): Promise<FileSystemHandle[]> {
  const handles = await Promise.all(items.map(({ handle }) => handle));
  return handles.filter((handle) => handle !== null && handle !== undefined);
}

/** Chromium's permission for a kept handle, which is not in the standard. */
interface KeptHandle extends FileSystemHandle {
  requestPermission?(options: { mode: "read" }): Promise<PermissionState>;
}

/** Yields all files of kept handles, once the user permits it. */
export async function* filesOfHandles(handles: KeptHandle[]): AsyncGenerator<Picked | undefined> {
  for (const handle of handles) {
    const permission = handle.requestPermission?.({ mode: "read" }) ?? "granted";
    if ((await Promise.resolve(permission).catch(() => "denied")) === "granted")
      yield* fromHandle(handle, "");
  }
}

/** Yields all dropped files with their paths, also from folders; undefined for each that cannot be read. */
export async function* filesOf(items: Dropped[], folder: string): AsyncGenerator<Picked | undefined> {
  for (const { handle, entry, file } of items) {
    const resolved = await handle;
    if (resolved) yield* fromHandle(resolved, folder);
    else if (entry !== null) yield* fromEntry(entry, folder);
    else yield file === null ? undefined : { file, path: folder + file.name };
  }
}

/** Returns the files of an `<input type="file">`, with their paths in a chosen folder. */
export function filesOfInput(input: HTMLInputElement, folder: string): Picked[] {
  const files = [...(input.files ?? [])];
  const picked = files.map((file) => ({ file, path: folder + (file.webkitRelativePath || file.name) }));
  // Browsers list the files of a folder in any order.
  return picked.sort((one, other) => comparePaths(one.path, other.path));
}

async function* fromHandle(handle: FileSystemHandle, folder: string): AsyncGenerator<Picked | undefined> {
  try {
    if (isFile(handle)) yield { file: await handle.getFile(), path: folder + handle.name, handle };
    else {
      const children = (handle as unknown as { values(): AsyncIterable<FileSystemHandle> }).values();
      for await (const child of children) yield* fromHandle(child, `${folder}${handle.name}/`);
    }
  } catch {
    yield undefined;
  }
}

function isFile(handle: FileSystemHandle): handle is FileSystemFileHandle {
  return handle.kind === "file";
}

async function* fromEntry(entry: FileSystemEntry, folder: string): AsyncGenerator<Picked | undefined> {
  try {
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) =>
        (entry as FileSystemFileEntry).file(resolve, reject),
      );
      yield { file, path: folder + entry.name };
    } else if (entry.isDirectory) {
      for await (const child of childrenOf(entry as FileSystemDirectoryEntry))
        yield* fromEntry(child, `${folder}${entry.name}/`);
    }
  } catch {
    yield undefined;
  }
}

async function* childrenOf(directory: FileSystemDirectoryEntry): AsyncGenerator<FileSystemEntry> {
  const reader = directory.createReader();
  // A reader returns the entries in portions; an empty portion is the end.
  for (;;) {
    const portion = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (portion.length === 0) return;
    yield* portion;
  }
}
