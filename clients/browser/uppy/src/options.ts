import type { Connection, ConnectOptions, UploadResult } from "@sluice/browser";
import type { PluginOpts } from "@uppy/core";
import type { Body, Meta, UppyFile } from "@uppy/core/utils";

/** Options of the plugin, with those of `connect` or a connection of `@sluice/browser`. */
export type SluiceOptions<M extends Meta, B extends Body> = PluginOpts &
  (ConnectOptions | { connection: Connection }) & {
    /** Returns the destination of a file. Default: its name, in the folder it came with. */
    path?: (file: UppyFile<M, B>) => string;
    /** The fields of `meta` to store with the file, as text. Default: none. */
    allowedMetaFields?: string[];
  };

/** The response body of `upload-success`. */
export type SluiceBody = Pick<UploadResult, keyof UploadResult>;
