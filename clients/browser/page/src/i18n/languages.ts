import { english } from "./en.js";
import { chinese } from "./zh.js";

/** The languages, by BCP 47 tag, each with its own name for itself and its dictionary. */
export const LANGUAGES = {
  en: { name: "English", dictionary: english },
  "zh-CN": { name: "中文", dictionary: chinese },
} as const;
export type Language = keyof typeof LANGUAGES;

/** The first language of the list that the page speaks; English if none. */
export function chooseLanguage(wanted: readonly string[]): Language {
  const known = Object.keys(LANGUAGES) as Language[];
  for (const tag of wanted) {
    const found = known.find((language) => primary(language) === primary(tag));
    if (found !== undefined) return found;
  }
  return "en";
}

/** The language proper: of "en-GB" it is "en". */
export function primary(tag: string): string {
  return tag.toLowerCase().split("-")[0] ?? "";
}
