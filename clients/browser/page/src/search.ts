/** What a text in the search field asks for. */
export type Search = { kind: "none" } | { kind: "text" | "sha256" | "sha1"; value: string };

/** 64 hex digits are a SHA-256, 40 a SHA-1, whatever their case and the space around them; anything else is text as it was written. */
export function recognise(text: string): Search {
  if (text.trim() === "") return { kind: "none" };
  const digits = text.trim().toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digits)) return { kind: "sha256", value: digits };
  if (/^[0-9a-f]{40}$/.test(digits)) return { kind: "sha1", value: digits };
  return { kind: "text", value: text };
}
