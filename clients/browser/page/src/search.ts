/** What a search text means. */
export type Search = { kind: "none" } | { kind: "text" | "sha256" | "sha1"; value: string };

/**
 * Recognises 64 hex digits as a SHA-256 and 40 as a SHA-1, ignoring case and surrounding space. All else is
 * text.
 */
export function recognise(text: string): Search {
  if (text.trim() === "") return { kind: "none" };
  const digits = text.trim().toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digits)) return { kind: "sha256", value: digits };
  if (/^[0-9a-f]{40}$/.test(digits)) return { kind: "sha1", value: digits };
  return { kind: "text", value: text };
}
