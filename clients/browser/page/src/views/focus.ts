import { useLayoutEffect, useRef } from "preact/hooks";

/** Moves focus once the page shows what has just changed; so that it is not lost with what has gone. */
export function focusSoon(selector: string): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>(selector)?.focus());
}

/**
 * Keeps focus when the button that has it goes, because of what it did or by itself: it passes to the first button that
 * is left in the element, else to what the selector finds.
 */
export function useFocusKept(element: { current: HTMLElement | null }, otherwise: string): void {
  const held = useRef(false);
  // The page has not changed yet while this is rendered, and has when the effect runs.
  held.current = element.current?.contains(document.activeElement) ?? false;
  useLayoutEffect(() => {
    if (!held.current || document.activeElement !== document.body) return;
    const next = element.current?.querySelector<HTMLElement>("button:not(:disabled)");
    (next ?? document.querySelector<HTMLElement>(otherwise))?.focus();
  });
  useLayoutEffect(
    () => () => {
      if (element.current?.contains(document.activeElement)) focusSoon(otherwise);
    },
    [element, otherwise],
  );
}
