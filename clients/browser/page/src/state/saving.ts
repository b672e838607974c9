import { SluiceError } from "@sluice/browser";

/** Where a download's bytes go. */
export type Target =
  | { kind: "stream"; open: () => Promise<WritableStream<Uint8Array>> }
  | { kind: "blob"; name: string }
  | { kind: "link" };

/** Up to here a file goes to the browser's folder for downloads without asking where. */
const MOST_UNASKED_BYTES = 64 * 1024 * 1024;
/** Up to here it is gathered in memory (which the browser may keep on disk). */
const MOST_BLOB_BYTES = 512 * 1024 * 1024;
const URL_KEPT_MILLISECONDS = 60_000;

interface SavePicker {
  showSaveFilePicker(options: { suggestedName: string }): Promise<FileSystemFileHandle>;
}

/**
 * Where a file of that size is saved. A large one is streamed to where the user says, if the browser can do that; else
 * it becomes a Blob, or goes by the browser's own download. Undefined if the user chose no place.
 */
export async function chooseTarget(name: string, size: number): Promise<Target | undefined> {
  if (size > MOST_UNASKED_BYTES && "showSaveFilePicker" in window) {
    try {
      const handle = await (window as unknown as SavePicker).showSaveFilePicker({ suggestedName: name });
      return { kind: "stream", open: () => handle.createWritable() };
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return undefined;
    }
  }
  return size <= MOST_BLOB_BYTES ? { kind: "blob", name } : { kind: "link" };
}

/** Saves a Blob as the browser saves downloads. */
export function saveBlob(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  follow(address, name);
  setTimeout(() => URL.revokeObjectURL(address), URL_KEPT_MILLISECONDS);
}

/** Waits until the server has the bytes together, then leaves the download to the browser. */
export async function handOver(address: string, signal: AbortSignal): Promise<void> {
  let isReady = false;
  while (!isReady) {
    const answer = await fetch(address, {
      method: "HEAD",
      redirect: "manual",
      headers: { Prefer: "wait=20" },
      signal,
    }).catch((cause) => {
      throw new SluiceError("unreachable", "no answer", { cause });
    });
    isReady = answer.type === "opaqueredirect";
    if (!isReady && answer.status !== 202) {
      throw new SluiceError(answer.status === 401 ? "unauthenticated" : "not_found", "no content");
    }
  }
  follow(address);
}

function follow(address: string, name?: string): void {
  const link = document.createElement("a");
  link.href = address;
  if (name !== undefined) link.download = name;
  link.click();
}
