/** The page's own database (IndexedDB): which files were added together. Holds no bytes and no secret. */

const NAME = "sluice-page";

/** Files that were dropped or chosen together. */
export interface Drop {
  id: string;
  accountId: string;
  /** Where they were added: empty, or ending in `/`. */
  folder: string;
  /** The one folder that holds all of them; empty if there is none. */
  root: string | undefined;
  /** In milliseconds since 1970. */
  begunAt: number;
  /** How many of them have been noted, and how many were too many to note. */
  noted: number;
  unnoted: number;
  /** How many are available, and their bytes. */
  done: { count: number; bytes: number };
  /** The dropped files and folders themselves (Chromium): they need not be chosen again. */
  handles: FileSystemHandle[];
}

/** A file of a drop that is not available yet. A path is in one drop: the last one. */
export interface DropFile {
  accountId: string;
  path: string;
  drop: string;
  /** In bytes. */
  size: number;
  /** In milliseconds since 1970. */
  lastModified: number;
}

/** The stores during a transaction. */
export interface Stores {
  drops: IDBObjectStore;
  /** By account and path, with an index by drop. */
  files: IDBObjectStore;
}

let database: Promise<IDBDatabase> | undefined;

/**
 * Runs a transaction. Returns undefined if it fails, or if the browser has no IndexedDB (in a private window,
 * for instance): uploads work without it.
 */
export async function transaction<T>(
  mode: IDBTransactionMode,
  work: (stores: Stores) => Promise<T>,
): Promise<T | undefined> {
  try {
    database ??= open();
    const current = (await database).transaction(["drops", "files"], mode);
    const ended = new Promise<void>((resolve, reject) => {
      current.oncomplete = () => resolve();
      current.onabort = () => reject(current.error);
    });
    const [result] = await Promise.all([
      work({ drops: current.objectStore("drops"), files: current.objectStore("files") }),
      ended,
    ]);
    return result;
  } catch {
    // The next transaction opens it anew.
    database = undefined;
    return undefined;
  }
}

async function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("drops", { keyPath: "id" });
    request.result.createObjectStore("files", { keyPath: ["accountId", "path"] }).createIndex("drop", "drop");
  };
  const opened = await answer(request);
  opened.onclose = () => {
    database = undefined;
  };
  return opened;
}

/** Waits for a request. */
export function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
