import { english } from "./en.js";
import { chinese } from "./zh.js";

/** The languages by BCP 47 tag: their own names and their dictionaries. */
export const LANGUAGES = {
  en: { name: "English", dictionary: english },
  "zh-CN": { name: "中文", dictionary: chinese },
} as const;
export type Language = keyof typeof LANGUAGES;

/** Returns the first language of the list that the page has, or English. */
export function chooseLanguage(wanted: readonly string[]): Language {
  const available = Object.keys(LANGUAGES) as Language[];
  for (const tag of wanted) {
    const match = available.find((language) => primary(language) === primary(tag));
    if (match !== undefined) return match;
  }
  return "en";
}

/** Returns the primary language: "en" for "en-GB". */
export function primary(tag: string): string {
  return tag.toLowerCase().split("-")[0] ?? "";
}
