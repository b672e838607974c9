import { computed, effect, signal } from "@preact/signals";
import { formatsFor } from "../format.js";
import { remember, remembered } from "../state/preferences.js";
import type { Dictionary } from "./en.js";
import { chooseLanguage, LANGUAGES, type Language, primary } from "./languages.js";

export { LANGUAGES, type Language } from "./languages.js";

const stored = remembered("language");
export const language = signal<Language>(chooseLanguage(stored ? [stored] : navigator.languages));

/** Formats of the chosen language, in the variety that the browser prefers ("en-GB"). */
export const format = computed(() => {
  const own = navigator.languages.find((tag) => primary(tag) === primary(language.value));
  return formatsFor(own ?? language.value);
});

/** The texts of the page in the chosen language. */
export const text = computed<Dictionary>(() => LANGUAGES[language.value].dictionary(format.value));

/** Changes the language and remembers it. */
export function setLanguage(chosen: Language): void {
  remember("language", chosen);
  language.value = chosen;
}

effect(() => {
  document.documentElement.lang = language.value;
});
