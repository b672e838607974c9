/** Records uploads in IndexedDB, so that they can be resumed after a reload. */

const DATABASE = "sluice";
const STORE = "uploads";

/** An upload that was started in this browser. Holds no secret and no bytes of the file. */
export interface UploadRecord {
  uploadId: string;
  api: string;
  accountId: string;
  path: string;
  /** The name of the picked file. */
  name: string;
  /** The size of the file in bytes. */
  size: number;
  lastModified: number;
  fileHandle?: FileSystemFileHandle;
  /** When the upload expires, in milliseconds since 1970. */
  expiresAt: number;
}

/** Returns all records; none if the browser has no IndexedDB (in a private window, for instance). */
export async function listRecords(): Promise<UploadRecord[]> {
  return (await transaction<UploadRecord[]>("readonly", (store) => store.getAll())) ?? [];
}

/** Adds or replaces the record of an upload. */
export async function saveRecord(record: UploadRecord): Promise<void> {
  await transaction("readwrite", (store) => store.put(record));
}

/** Deletes the record of an upload, if there is one. */
export async function deleteRecord(uploadId: string): Promise<void> {
  await transaction("readwrite", (store) => store.delete(uploadId));
}

/** Runs one request. Returns undefined if it fails, because uploads work without records. */
async function transaction<T>(
  mode: IDBTransactionMode,
  request: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T | undefined> {
  try {
    const database = await finished(open());
    try {
      return await finished(request(database.transaction(STORE, mode).objectStore(STORE)));
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}

function open(): IDBOpenDBRequest {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(STORE, { keyPath: "uploadId" });
  };
  return request;
}

function finished<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
