import { signal } from "@preact/signals";
import type { UnfinishedUpload } from "@sluice/browser";
import { text } from "../i18n/index.js";
import { droppedItems, filesOf, filesOfInput } from "./collect.js";
import { folderView } from "./location.js";
import { notify } from "./notices.js";
import type { Picked } from "./queue.js";
import { addFiles } from "./uploads.js";

/** Files of a dropped folder are queued in portions, so that uploads begin before all have been read. */
const PORTION = 500;

/** How many files of a drop have been read so far; undefined when no drop is being read. */
export const reading = signal<number | undefined>(undefined);

/** Uploads dropped files and folders to the current folder. */
export async function addDropped(transfer: DataTransfer): Promise<void> {
  const items = droppedItems(transfer);
  let portion: Picked[] = [];
  let entries = 0;
  let unreadable = 0;
  for await (const picked of filesOf(items, folderView.peek().folder)) {
    if (picked === undefined) unreadable += 1;
    else portion.push(picked);
    entries += 1;
    reading.value = entries - unreadable;
    if (portion.length < PORTION) continue;
    await addFiles(portion);
    portion = [];
  }
  reading.value = undefined;
  await addFiles(portion);
  const { drop } = text.peek();
  if (unreadable > 0) notify({ tone: "failed", message: drop.unreadable(unreadable) });
  else if (entries === 0) notify({ tone: "failed", message: drop.none });
}

/** Uploads the files of an `<input type="file">`, and clears it. */
export function addChosen(input: HTMLInputElement): void {
  void addFiles(filesOfInput(input, folderView.peek().folder));
  input.value = "";
}

interface OpenPicker {
  showOpenFilePicker(options: { multiple: boolean }): Promise<FileSystemFileHandle[]>;
}

/**
 * Lets the user choose files. With file handles (Chromium), an upload can resume after a reload without
 * choosing again. Other browsers open the input.
 */
export async function chooseFiles(input: HTMLInputElement): Promise<void> {
  const handles = await pickHandles(true);
  if (handles === undefined) return input.click();
  const folder = folderView.peek().folder;
  await addFiles(
    await Promise.all(
      handles.map(async (handle) => ({ file: await handle.getFile(), path: folder + handle.name, handle })),
    ),
  );
}

/**
 * Returns the chosen handles; none if the user chose nothing; undefined if the browser has no such picker.
 */
async function pickHandles(multiple: boolean): Promise<FileSystemFileHandle[] | undefined> {
  if (!("showOpenFilePicker" in window)) return undefined;
  try {
    return await (window as unknown as OpenPicker).showOpenFilePicker({ multiple });
  } catch (error) {
    return error instanceof DOMException && error.name === "AbortError" ? [] : undefined;
  }
}

/** Resumes an unfinished upload with a file that was picked again. Returns false if its size differs. */
export function resumeWith(upload: UnfinishedUpload, file: File): boolean {
  if (file.size !== upload.size) return false;
  void addFiles([{ file, path: upload.path, uploadId: upload.uploadId }]);
  return true;
}

/**
 * Resumes an unfinished upload with the file handle that the browser kept. Returns false if there is no file.
 */
export async function resumeByHandle(upload: UnfinishedUpload): Promise<boolean> {
  const file = await upload.file?.();
  return file !== undefined && resumeWith(upload, file);
}
