import { call, type Query } from "./api/call.js";
import type { components } from "./api/schema.js";
import type { Connection } from "./connection.js";
import type { ConditionOptions, FileChange, FileQuery, Page, PageOptions, Version } from "./types.js";

type Schemas = components["schemas"];

/** Files with a current version, by path; each is shown by that version. */
export async function listFiles(
  connection: Connection,
  query: FileQuery,
  page: PageOptions = {},
): Promise<Page<Version>> {
  const list = await call<Schemas["FileList"]>(connection, {
    method: "GET",
    path: "/files",
    query: { ...query, ...page },
  });
  return toPage(list.files, list.next_cursor, list.common_prefixes);
}

/** The current version of a file. */
export function file(connection: Connection, fileId: string): Promise<Version> {
  return call(connection, { method: "GET", path: address(fileId) });
}

/** Renames a file, or changes what is known about it, or both. Gives the current version after that. */
export function editFile(
  connection: Connection,
  fileId: string,
  change: FileChange,
  options: ConditionOptions = {},
): Promise<Version> {
  const { path, contentType, metadata, overwrite } = change;
  return call(connection, {
    method: "PATCH",
    path: address(fileId),
    body: { path, content_type: contentType, metadata, overwrite },
    ifMatch: options.ifMatch,
    // After a lost answer a repeat could undo what somebody else did in between.
    once: true,
  });
}

/** Deletes a file; its versions stay. Gives the tombstone. */
export function deleteFile(
  connection: Connection,
  fileId: string,
  options: ConditionOptions = {},
): Promise<Version> {
  return call(connection, { method: "DELETE", path: address(fileId), ifMatch: options.ifMatch });
}

/** The versions of a file, the latest first, in every state. */
export async function listVersions(
  connection: Connection,
  fileId: string,
  page: PageOptions = {},
): Promise<Page<Version>> {
  const query: Query = { ...page };
  const list = await call<Schemas["VersionList"]>(connection, {
    method: "GET",
    path: `${address(fileId)}/versions`,
    query,
  });
  return toPage(list.versions, list.next_cursor, []);
}

/** Makes an earlier version's content current again, as a new version, which is given. */
export function restoreVersion(connection: Connection, fileId: string, versionId: string): Promise<Version> {
  return call(connection, {
    method: "POST",
    path: `${address(fileId)}/restore`,
    body: { version_id: versionId },
  });
}

function address(fileId: string): string {
  return `/files/${encodeURIComponent(fileId)}`;
}

function toPage<T>(items: T[], cursor: string | null | undefined, prefixes: string[]): Page<T> {
  return cursor ? { items, prefixes, nextCursor: cursor } : { items, prefixes };
}
