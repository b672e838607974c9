import { fileURLToPath } from "node:url";

/** Resolves a path relative to this file. */
export const local = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The root of the repository. */
export const WORKSPACE = local("../../../..");
/** Logs, screenshots and uploaded files of a run. */
export const OUTPUT = local("../../../../target/browser-tests");
export const SCREENSHOTS = `${OUTPUT}/screenshots`;
export const FILES = `${OUTPUT}/files`;
