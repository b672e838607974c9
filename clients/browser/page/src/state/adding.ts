import { signal } from "@preact/signals";
import type { Unfinished } from "@sluice/browser";
import { text } from "../i18n/index.js";
import { droppedItems, filesOf, filesOfInput } from "./collect.js";
import { place } from "./location.js";
import { notify } from "./notices.js";
import type { Picked } from "./queue.js";
import { addFiles } from "./uploads.js";

/** So many files of a dropped folder go into the queue at a time, so that the page stays quick meanwhile. */
const PORTION = 500;

/** How many files a drop has brought so far; undefined when none is being read. */
export const reading = signal<number | undefined>(undefined);

/** Takes what was dropped into the present folder. */
export async function addDropped(transfer: DataTransfer): Promise<void> {
  const items = droppedItems(transfer);
  let portion: Picked[] = [];
  let [found, unreadable] = [0, 0];
  for await (const picked of filesOf(items, place.peek().folder)) {
    if (picked === undefined) unreadable += 1;
    else portion.push(picked);
    reading.value = ++found - unreadable;
    if (portion.length < PORTION) continue;
    addFiles(portion);
    portion = [];
  }
  reading.value = undefined;
  addFiles(portion);
  const { drop } = text.peek();
  if (unreadable > 0) notify({ tone: "failed", message: drop.unreadable(unreadable) });
  else if (found === 0) notify({ tone: "failed", message: drop.none });
}

/** Takes the files of an `<input type="file">`, which is then empty again. */
export function addChosen(input: HTMLInputElement): void {
  addFiles(filesOfInput(input, place.peek().folder));
  input.value = "";
}

interface OpenPicker {
  showOpenFilePicker(options: { multiple: boolean }): Promise<FileSystemFileHandle[]>;
}

/**
 * Lets the user choose files. Where the browser gives handles of them (Chromium), an upload can go on after a reload
 * without choosing again; elsewhere the input is opened.
 */
export async function chooseFiles(input: HTMLInputElement): Promise<void> {
  const handles = await pickHandles(true);
  if (handles === undefined) return input.click();
  const folder = place.peek().folder;
  addFiles(
    await Promise.all(
      handles.map(async (handle) => ({ file: await handle.getFile(), path: folder + handle.name, handle })),
    ),
  );
}

/** The chosen handles, none if the user chose nothing, undefined if the browser has no such way. */
async function pickHandles(multiple: boolean): Promise<FileSystemFileHandle[] | undefined> {
  if (!("showOpenFilePicker" in window)) return undefined;
  try {
    return await (window as unknown as OpenPicker).showOpenFilePicker({ multiple });
  } catch (error) {
    return error instanceof DOMException && error.name === "AbortError" ? [] : undefined;
  }
}

/** Goes on with an unfinished upload from a file that was picked again; false if it is another file. */
export function goOnWith(upload: Unfinished, file: File): boolean {
  if (file.size !== upload.size) return false;
  addFiles([{ file, path: upload.path, uploadId: upload.uploadId }]);
  return true;
}

/** Goes on with an unfinished upload whose file the browser can give by itself; false if it did not. */
export async function goOnByHandle(upload: Unfinished): Promise<boolean> {
  const file = await upload.file?.();
  return file !== undefined && goOnWith(upload, file);
}
