import { deleteFile, editFile, restoreVersion, type Version } from "@sluice/browser";
import { text } from "../i18n/index.js";
import { baseName } from "../names.js";
import { failureText } from "./failures.js";
import { hideFile, showFiles } from "./listing.js";
import { notify } from "./notices.js";
import { connection, refreshAccount } from "./session.js";

/** Deletes a file, and offers to undo it. */
export async function deleteWithUndo(version: Version): Promise<void> {
  const name = baseName(version.path);
  try {
    await deleteFile(connection, version.file_id, { ifMatch: version.version_id });
  } catch (error) {
    return notify({ tone: "failed", message: failureText(error) });
  }
  hideFile(version.file_id);
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

/** Makes an earlier version current again. */
export async function restore(version: Version): Promise<Version> {
  const restored = await restoreVersion(connection, version.file_id, version.version_id);
  showFiles([restored]);
  void refreshAccount();
  return restored;
}

/** Gives a file another path; over another file only with `overwrite`. */
export async function rename(version: Version, path: string, overwrite: boolean): Promise<void> {
  const renamed = await editFile(
    connection,
    version.file_id,
    { path, overwrite },
    { ifMatch: version.version_id },
  );
  showFiles([renamed]);
  notify({ tone: "done", message: text.peek().rename.done(renamed.path) });
}
