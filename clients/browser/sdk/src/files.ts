import { call, idempotencyKey } from "./api/call.js";
import type { components } from "./api/schema.js";
import { type Connection, internalsOf } from "./connection.js";
import type {
  ConditionOptions,
  FileChange,
  FileQuery,
  Page,
  PageOptions,
  Version,
  WriteOptions,
} from "./types.js";

type Schemas = components["schemas"];

/** Lists files that have a current version, by path. Each is shown as that version. */
export async function listFiles(
  connection: Connection,
  query: FileQuery,
  page: PageOptions = {},
): Promise<Page<Version>> {
  const list = await call<Schemas["FileList"]>(internalsOf(connection), {
    method: "GET",
    path: "/files",
    query: { ...query, ...page },
  });
  return toPage(list.files, list.nextCursor, list.commonPrefixes);
}

/** Returns the current version of a file. */
export function file(connection: Connection, fileId: string): Promise<Version> {
  return call<Schemas["VersionView"]>(internalsOf(connection), { method: "GET", path: pathOf(fileId) });
}

/** Renames a file, changes its content type or metadata, or both. Returns the current version after that. */
export function editFile(
  connection: Connection,
  fileId: string,
  change: FileChange,
  options: ConditionOptions = {},
): Promise<Version> {
  const { path, contentType, metadata, overwrite } = change;
  return call<Schemas["VersionView"]>(internalsOf(connection), {
    method: "PATCH",
    path: pathOf(fileId),
    body: { path, contentType, metadata, overwrite },
    ifMatch: options.ifMatch,
    idempotencyKey: options.idempotencyKey ?? idempotencyKey(),
  });
}

/** Deletes a file; its versions stay. Returns the tombstone. */
export function deleteFile(
  connection: Connection,
  fileId: string,
  options: ConditionOptions = {},
): Promise<Version> {
  return call<Schemas["VersionView"]>(internalsOf(connection), {
    method: "DELETE",
    path: pathOf(fileId),
    ifMatch: options.ifMatch,
    idempotencyKey: options.idempotencyKey ?? idempotencyKey(),
  });
}

/** Lists the versions of a file in every state, the latest first. */
export async function listVersions(
  connection: Connection,
  fileId: string,
  page: PageOptions = {},
): Promise<Page<Version>> {
  const list = await call<Schemas["VersionList"]>(internalsOf(connection), {
    method: "GET",
    path: `${pathOf(fileId)}/versions`,
    query: { ...page },
  });
  return toPage(list.versions, list.nextCursor, []);
}

/** Restores an earlier version as a new current version. Returns the new one. */
export function restoreVersion(
  connection: Connection,
  fileId: string,
  versionId: string,
  options: WriteOptions = {},
): Promise<Version> {
  return call<Schemas["VersionView"]>(internalsOf(connection), {
    method: "POST",
    path: `${pathOf(fileId)}/restore`,
    body: { versionId },
    idempotencyKey: options.idempotencyKey ?? idempotencyKey(),
  });
}

function pathOf(fileId: string): string {
  return `/files/${encodeURIComponent(fileId)}`;
}

function toPage<T>(items: T[], cursor: string | null | undefined, prefixes: string[]): Page<T> {
  return cursor ? { items, prefixes, nextCursor: cursor } : { items, prefixes };
}
