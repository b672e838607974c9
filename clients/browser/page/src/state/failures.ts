import { SluiceError } from "@sluice/browser";
import { language, text } from "../i18n/index.js";

/** The input of a form that an error belongs to, where its code says that. */
const FIELDS: Record<string, string> = {
  bad_username: "username",
  username_taken: "username",
  wrong_credentials: "password",
  wrong_password: "password",
  invitation_invalid: "invitation",
};

/** Returns the field of a form that an error belongs to, as the API names it; undefined if it has none. */
export function fieldOf(error: unknown): string | undefined {
  return error instanceof SluiceError ? (error.field ?? FIELDS[error.code]) : undefined;
}

/** Describes an error, and what to do about it. */
export function failureText(error: unknown): string {
  const { errors, reasons, fields } = text.value;
  if (!(error instanceof SluiceError)) return errors.fallback;
  if (error.code === "rejected") return textOf(reasons, error.reason) ?? errors.fallback;
  const field = error.code === "invalid_request" ? textOf(fields, error.field) : undefined;
  if (field !== undefined) return field;
  // The server says in English what is wrong.
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
