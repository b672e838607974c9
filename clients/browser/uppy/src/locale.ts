import { SluiceError } from "@sluice/browser";
import type { I18n } from "@uppy/core/utils";

/**
 * The plugin's texts; the `locale` option replaces them. A text named like an error code is shown for that
 * error.
 */
export const locale = {
  strings: {
    preparing: "Preparing",
    hashing: "Reading and hashing",
    verifying: "Verifying",
    missing: "The file is no longer available. Please add it again.",
    remote: "Only files on this device can be uploaded.",
    bucket_refused: "Storage refused the file.",
    damaged: "The file was damaged in transit. Please try again.",
    file_changed: "The file changed during the upload. Please add it again.",
    offline: "There is no internet connection.",
    precondition_failed: "Someone else changed the file in the meantime.",
    quota_exceeded: "There is not enough space in the account.",
    unauthenticated: "Your session has ended. Please log in again.",
    unreachable: "The server cannot be reached. Please try again.",
  },
};

/** Returns the text for an error: from the locale, or else the error's own message. */
export function wordsFor(error: unknown, i18n: I18n): string {
  if (error instanceof SluiceError && error.code in locale.strings) return i18n(error.code);
  return error instanceof Error ? error.message : String(error);
}
