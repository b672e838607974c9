import type { Body, Meta, UppyFile } from "@uppy/core/utils";

/** Returns a file's path: its name as edited in Uppy, in the folder it was picked or dropped with. */
export function pathOf<M extends Meta, B extends Body>(file: UppyFile<M, B>): string {
  const { name, relativePath } = file.meta;
  const folders = relativePath?.split("/").filter(Boolean).slice(0, -1) ?? [];
  return [...folders, name].join("/");
}

/** Returns the named fields of a file's `meta` as text, without those that have no value. */
export function metadataOf<M extends Meta, B extends Body>(
  file: UppyFile<M, B>,
  fields: string[],
): Record<string, string> {
  const pairs = fields.map((field) => [field, file.meta[field]] as const);
  const present = pairs.filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(present.map(([field, value]) => [field, String(value)]));
}
