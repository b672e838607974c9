import { SluiceError } from "@sluice/browser";
import { text } from "../i18n/index.js";

/** What went wrong, and what to do about it. */
export function failureText(error: unknown): string {
  const { errors, reasons } = text.value;
  if (!(error instanceof SluiceError)) return errors.fallback;
  if (error.code === "rejected") return textOf(reasons, error.reason) ?? errors.fallback;
  // The server says which field is wrong; it says so in English only.
  if (error.code === "invalid_request") return `${errors.invalid_request} (${error.message})`;
  const known = textOf(errors, error.code);
  if (known !== undefined) return known;
  const request = error.requestId === undefined ? "" : ` ${errors.request(error.requestId)}`;
  return `${errors.fallback}${request}`;
}

function textOf(texts: Record<string, unknown>, key: string | undefined): string | undefined {
  const found = key !== undefined && Object.hasOwn(texts, key) ? texts[key] : undefined;
  return typeof found === "string" ? found : undefined;
}
