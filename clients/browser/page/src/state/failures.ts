import { SluiceError } from "@sluice/browser";
import { language, text } from "../i18n/index.js";

/** Describes an error, and what to do about it. */
export function failureText(error: unknown): string {
  const { errors, reasons } = text.value;
  if (!(error instanceof SluiceError)) return errors.fallback;
  if (error.code === "rejected") return textOf(reasons, error.reason) ?? errors.fallback;
  // The server says in English which field is wrong.
  if (error.code === "invalid_request" && language.value === "en") {
    return `${errors.invalid_request} (${error.message})`;
  }
  const message = textOf(errors, error.code);
  if (message !== undefined) return message;
  const request = error.requestId === undefined ? "" : ` ${errors.request(error.requestId)}`;
  return `${errors.fallback}${request}`;
}

function textOf(texts: Record<string, unknown>, key: string | undefined): string | undefined {
  const text = key !== undefined && Object.hasOwn(texts, key) ? texts[key] : undefined;
  return typeof text === "string" ? text : undefined;
}
