import { SluiceError } from "@sluice/browser";
import type { I18n } from "@uppy/core/utils";

/** The plugin's words, to be replaced by its `locale` option. Those named like an error's code are shown for it. */
export const locale = {
  strings: {
    preparing: "Preparing",
    hashing: "Reading and hashing",
    verifying: "Verifying",
    missing: "The file is no longer here. Please add it again.",
    remote: "Only files of this device can be uploaded.",
    bucket_refused: "The storage refused the file.",
    damaged: "The file was damaged on the way. Please try again.",
    file_changed: "The file was changed during the upload. Please add it again.",
    offline: "There is no connection to the Internet.",
    precondition_failed: "The file was changed by somebody else in the meantime.",
    quota_exceeded: "The account has no room for the file.",
    unauthenticated: "The session has ended. Please log in again.",
    unreachable: "The server cannot be reached. Please try again.",
  },
};

/** What an error is called before the person who uploads: in the plugin's words if it has any, else in its own. */
export function wordsFor(error: unknown, i18n: I18n): string {
  if (error instanceof SluiceError && error.code in locale.strings) return i18n(error.code);
  return error instanceof Error ? error.message : String(error);
}
