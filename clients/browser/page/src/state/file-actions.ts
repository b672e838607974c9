import { signal } from "@preact/signals";
import { deleteFile, editFile, restoreVersion, type Version } from "@sluice/browser";
import { text } from "../i18n/index.js";
import { baseName } from "../names.js";
import { failureText } from "./failures.js";
import { hideFile, showFiles } from "./listing.js";
import { withKey } from "./keys.js";
import { notify } from "./notices.js";
import { connection, refreshAccount } from "./session.js";

/** Ids of the files that are being deleted. */
export const deleting = signal<ReadonlySet<string>>(new Set());

/** Deletes a file and offers to undo that. Has no effect while the file is being deleted. */
export async function deleteWithUndo(version: Version): Promise<void> {
  const { fileId, versionId } = version;
  if (deleting.peek().has(fileId)) return;
  const name = baseName(version.path);
  deleting.value = new Set([...deleting.peek(), fileId]);
  try {
    await withKey(fileId, ["delete", versionId], (idempotencyKey) =>
      deleteFile(connection, fileId, { ifMatch: versionId, idempotencyKey }),
    );
  } catch (error) {
    return notify({ tone: "failed", message: failureText(error) });
  } finally {
    deleting.value = new Set([...deleting.peek()].filter((other) => other !== fileId));
  }
  hideFile(fileId);
  const { files } = text.peek();
  const action = { label: files.undo, name: files.undoNamed(name), run: () => void undoDelete(version) };
  notify({ tone: "done", message: files.deleted(name), action });
}

async function undoDelete(version: Version): Promise<void> {
  try {
    await restore(version);
    notify({ tone: "done", message: text.peek().files.restored(baseName(version.path)) });
  } catch (error) {
    notify({ tone: "failed", message: failureText(error) });
  }
}

/** Restores an earlier version as a new current version. */
export async function restore(version: Version): Promise<Version> {
  const { fileId, versionId } = version;
  const restored = await withKey(fileId, ["restore", versionId], (idempotencyKey) =>
    restoreVersion(connection, fileId, versionId, { idempotencyKey }),
  );
  showFiles([restored]);
  void refreshAccount();
  return restored;
}

/** Renames or moves a file. Replaces another file only with `overwrite`. */
export async function rename(version: Version, path: string, overwrite: boolean): Promise<void> {
  const { fileId, versionId } = version;
  const renamed = await withKey(fileId, ["rename", versionId, path, overwrite], (idempotencyKey) =>
    editFile(connection, fileId, { path, overwrite }, { ifMatch: versionId, idempotencyKey }),
  );
  showFiles([renamed]);
  notify({ tone: "done", message: text.peek().rename.done(renamed.path) });
}
