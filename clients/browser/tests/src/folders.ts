import { fileURLToPath } from "node:url";

/** A path beside this file. */
export const local = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The repository. */
export const WORKSPACE = local("../../../..");
/** What runs leave behind: log, screenshots, files to upload. Not part of the repository. */
export const OUTPUT = local("../../../../target/browser-tests");
export const SCREENSHOTS = `${OUTPUT}/screenshots`;
export const FILES = `${OUTPUT}/files`;
