import { SluiceError } from "@sluice/browser";

/** Where to save a download. */
export type Target =
  | { kind: "stream"; open: () => Promise<WritableStream<Uint8Array>> }
  | { kind: "blob"; name: string }
  | { kind: "link" };

/** The largest file that goes to the download folder without asking where. */
const UNASKED_MAX_BYTES = 64 * 1024 * 1024;
/** The largest file that is collected in a Blob, which the browser may keep on disk. */
const BLOB_MAX_BYTES = 512 * 1024 * 1024;
const URL_KEPT_MILLISECONDS = 60_000;

interface SavePicker {
  showSaveFilePicker(options: { suggestedName: string }): Promise<FileSystemFileHandle>;
}

/**
 * Chooses where to save a file of that size. If the browser can, it streams a large file to where the user
 * says. Otherwise the file becomes a Blob, or the browser downloads it itself. Returns undefined if the user
 * cancels.
 */
export async function chooseTarget(name: string, size: number): Promise<Target | undefined> {
  if (size > UNASKED_MAX_BYTES && "showSaveFilePicker" in window) {
    try {
      const handle = await (window as unknown as SavePicker).showSaveFilePicker({ suggestedName: name });
      return { kind: "stream", open: () => handle.createWritable() };
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return undefined;
    }
  }
  return size <= BLOB_MAX_BYTES ? { kind: "blob", name } : { kind: "link" };
}

/** Saves a Blob to the download folder. */
export function saveBlob(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  follow(address, name);
  setTimeout(() => URL.revokeObjectURL(address), URL_KEPT_MILLISECONDS);
}

/** Waits until the server has materialized the file, then lets the browser download it. */
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
      throw new SluiceError(
        answer.status === 401 ? "unauthenticated" : "not_found",
        "the server does not return the file",
      );
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
