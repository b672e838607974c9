import { effect, signal } from "@preact/signals";

/** `system` follows `prefers-color-scheme`. */
export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

/** A remembered choice. Nothing where the browser keeps none (private windows, full disks). */
export function remembered(key: "theme" | "language"): string | undefined {
  try {
    return localStorage.getItem(`sluice-${key}`) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Remembers a choice in this browser, if it can. */
export function remember(key: "theme" | "language", value: string): void {
  try {
    localStorage.setItem(`sluice-${key}`, value);
  } catch {
    // The choice then lasts as long as the page.
  }
}

export const theme = signal<Theme>(THEMES.find((known) => known === remembered("theme")) ?? "system");

/** Changes the colours, for good. */
export function setTheme(chosen: Theme): void {
  remember("theme", chosen);
  theme.value = chosen;
}

effect(() => {
  document.documentElement.dataset.theme = theme.value;
});
