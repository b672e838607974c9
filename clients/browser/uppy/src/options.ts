import type { Connection, ConnectOptions, UploadResult } from "@sluice/browser";
import type { PluginOpts } from "@uppy/core";
import type { Body, Meta, UppyFile } from "@uppy/core/utils";

/** What the plugin is given: a connection of `@sluice/browser` or the options for one, and these. */
export type SluiceOptions<M extends Meta, B extends Body> = PluginOpts &
  (ConnectOptions | { connection: Connection }) & {
    /** The path that a file is uploaded to: its name, within its folder if it came with one, if absent. */
    path?: (file: UppyFile<M, B>) => string;
    /** The fields of a file's `meta` that are stored with it, as text; none if absent. */
    allowedMetaFields?: string[];
  };

/** The body of the response that `upload-success` brings: how the file was uploaded, and its available version. */
export type SluiceBody = Pick<UploadResult, keyof UploadResult>;
