import { comparePaths } from "../paths.js";
import type { Picked } from "./queue.js";

/** A dropped item in each of the ways in which browsers tell of it; asked for while the drop lasts. */
interface Dropped {
  handle: Promise<FileSystemHandle | null> | undefined;
  entry: FileSystemEntry | null;
  file: File | null;
}

type WithHandle = DataTransferItem & { getAsFileSystemHandle?(): Promise<FileSystemHandle | null> };

/** What was dropped. To be called in the drop's own event: afterwards the browser tells no more. */
export function droppedItems(transfer: DataTransfer): Dropped[] {
  return [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item: WithHandle) => ({
      handle: item.getAsFileSystemHandle?.().catch(() => null),
      entry: item.webkitGetAsEntry?.() ?? null,
      file: item.getAsFile(),
    }));
}

/** All files of what was dropped, those in folders with their way; undefined for each that cannot be read. */
export async function* filesOf(items: Dropped[], folder: string): AsyncGenerator<Picked | undefined> {
  for (const { handle, entry, file } of items) {
    const found = await handle;
    if (found) yield* fromHandle(found, folder);
    else if (entry !== null) yield* fromEntry(entry, folder);
    else yield file === null ? undefined : { file, path: folder + file.name };
  }
}

/** Files of an `<input type="file">`; one for folders gives their way too. */
export function filesOfInput(input: HTMLInputElement, folder: string): Picked[] {
  const files = [...(input.files ?? [])];
  const picked = files.map((file) => ({ file, path: folder + (file.webkitRelativePath || file.name) }));
  // Browsers give a folder's files in any order.
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
  // A reader gives a folder in portions, and an empty one at the end.
  for (;;) {
    const portion = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (portion.length === 0) return;
    yield* portion;
  }
}
