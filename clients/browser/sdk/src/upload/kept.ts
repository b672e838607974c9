/** What the browser keeps of uploads that have begun here, so that they can go on after a reload. */

const DATABASE = "sluice";
const STORE = "uploads";

/** An upload that was begun in this browser. It holds no secret and none of the content. */
export interface Kept {
  uploadId: string;
  api: string;
  accountId: string;
  path: string;
  /** Of the picked file. */
  name: string;
  size: number;
  lastModified: number;
  fileHandle?: FileSystemFileHandle;
  /** When the upload ends by itself, in milliseconds since 1970. */
  expiresAt: number;
}

/** Everything that is kept; nothing where the browser keeps nothing (a private window, say). */
export async function allKept(): Promise<Kept[]> {
  return (await transaction<Kept[]>("readonly", (store) => store.getAll())) ?? [];
}

/** Keeps an upload. */
export async function keep(kept: Kept): Promise<void> {
  await transaction("readwrite", (store) => store.put(kept));
}

/** Keeps an upload no longer. */
export async function dropKept(uploadId: string): Promise<void> {
  await transaction("readwrite", (store) => store.delete(uploadId));
}

/** Does one request; gives nothing if that cannot be done, for uploads go on without it. */
async function transaction<T>(
  mode: IDBTransactionMode,
  request: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T | undefined> {
  try {
    const database = await settled(opening());
    try {
      return await settled(request(database.transaction(STORE, mode).objectStore(STORE)));
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}

function opening(): IDBOpenDBRequest {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore(STORE, { keyPath: "uploadId" });
  };
  return opening;
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
