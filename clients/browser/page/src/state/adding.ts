import { signal } from "@preact/signals";
import { text } from "../i18n/index.js";
import { droppedItems, filesOf, filesOfHandles, filesOfInput, handlesOf } from "./collect.js";
import { newDrop } from "./drops.js";
import { type Group, matcher } from "./groups.js";
import { folderView } from "./location.js";
import { notify } from "./notices.js";
import type { Picked } from "./queue.js";
import { accountId } from "./session.js";
import { addFiles } from "./uploads.js";

/** Files of a dropped folder are queued in portions, so that uploads begin before all have been read. */
const PORTION = 500;

/** How many files of a drop have been read so far; undefined when no drop is being read. */
export const reading = signal<number | undefined>(undefined);

/** Uploads dropped files and folders to the current folder. */
export async function addDropped(transfer: DataTransfer): Promise<void> {
  const items = droppedItems(transfer);
  const folder = folderView.peek().folder;
  const drop = newDrop(accountId(), folder, await handlesOf(items));
  let portion: Picked[] = [];
  let entries = 0;
  let unreadable = 0;
  for await (const picked of filesOf(items, folder)) {
    if (picked === undefined) unreadable += 1;
    else portion.push(picked);
    entries += 1;
    reading.value = entries - unreadable;
    if (portion.length < PORTION) continue;
    await addFiles(portion, drop);
    portion = [];
  }
  reading.value = undefined;
  await addFiles(portion, drop);
  const words = text.peek().drop;
  if (unreadable > 0) notify({ tone: "failed", message: words.unreadable(unreadable) });
  else if (entries === 0) notify({ tone: "failed", message: words.none });
}

/** Uploads the files of an `<input type="file">`, and clears it. */
export function addChosen(input: HTMLInputElement): void {
  const { folder } = folderView.peek();
  void addFiles(filesOfInput(input, folder), newDrop(accountId(), folder));
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
  const handles = await pickHandles();
  if (handles === undefined) return input.click();
  const folder = folderView.peek().folder;
  const picked = await Promise.all(
    handles.map(async (handle) => ({ file: await handle.getFile(), path: folder + handle.name, handle })),
  );
  await addFiles(picked, newDrop(accountId(), folder, handles));
}

/**
 * Returns the chosen handles; none if the user chose nothing; undefined if the browser has no such picker.
 */
async function pickHandles(): Promise<FileSystemFileHandle[] | undefined> {
  if (!("showOpenFilePicker" in window)) return undefined;
  try {
    return await (window as unknown as OpenPicker).showOpenFilePicker({ multiple: true });
  } catch (error) {
    return error instanceof DOMException && error.name === "AbortError" ? [] : undefined;
  }
}

/** How a group was continued. */
export interface Continued {
  /** How many of its files were found. */
  found: number;
  /** How many were not among what was chosen. */
  missing: number;
}

/** Continues a group with files that were chosen again, and clears the input. */
export function continueWith(group: Group, input: HTMLInputElement): Continued {
  const picked = filesOfInput(input, "");
  input.value = "";
  return continueFiles(group, picked);
}

/** Continues a group with the files and folders that the browser kept. Call it from a click. */
export async function continueByHandles(group: Group): Promise<Continued> {
  const picked: Picked[] = [];
  for await (const one of filesOfHandles(group.drop?.handles ?? [])) if (one !== undefined) picked.push(one);
  return continueFiles(group, picked);
}

function continueFiles(group: Group, picked: Picked[]): Continued {
  const find = matcher(group);
  const found = picked.flatMap(({ file, path, handle }) => {
    const missing = find(path, file.size);
    return missing === undefined
      ? []
      : [{ file, handle, path: missing.path, uploadId: missing.upload?.uploadId }];
  });
  void addFiles(found, group.drop ?? newDrop(accountId(), ""));
  return { found: found.length, missing: group.files.length - found.length };
}
