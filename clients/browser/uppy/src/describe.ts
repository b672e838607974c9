import type { Body, Meta, UppyFile } from "@uppy/core/utils";

/** A file's path: its name, which may have been edited in Uppy, in the folder that it was picked or dropped with. */
export function pathOf<M extends Meta, B extends Body>(file: UppyFile<M, B>): string {
  const { name, relativePath } = file.meta;
  const folders = relativePath?.split("/").filter(Boolean).slice(0, -1) ?? [];
  return [...folders, name].join("/");
}

/** The named fields of a file's `meta`, as text. Fields without a value are left out. */
export function metadataOf<M extends Meta, B extends Body>(
  file: UppyFile<M, B>,
  fields: string[],
): Record<string, string> {
  const pairs = fields.map((field) => [field, file.meta[field]] as const);
  const present = pairs.filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(present.map(([field, value]) => [field, String(value)]));
}
