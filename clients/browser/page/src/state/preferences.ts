import { effect, signal } from "@preact/signals";

/** `system` follows `prefers-color-scheme`. */
export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/**
 * Returns a remembered choice; undefined if there is none, or no storage (in a private window, for instance).
 */
export function remembered(key: "theme" | "language"): string | undefined {
  try {
    return localStorage.getItem(`sluice-${key}`) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Remembers a choice, if the browser has storage. */
export function remember(key: "theme" | "language", value: string): void {
  try {
    localStorage.setItem(`sluice-${key}`, value);
  } catch {
    // Then the choice lasts until the page is closed.
  }
}

export const theme = signal<Theme>(THEMES.find((candidate) => candidate === remembered("theme")) ?? "system");

/** Changes the colours and remembers them. */
export function setTheme(chosen: Theme): void {
  remember("theme", chosen);
  theme.value = chosen;
}

effect(() => {
  document.documentElement.dataset.theme = theme.value;
});
