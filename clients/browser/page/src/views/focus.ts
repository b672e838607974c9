import { useLayoutEffect, useRef } from "preact/hooks";

/** Moves focus after the next render, so that it is not lost with an element that disappears. */
export function focusSoon(selector: string): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>(selector)?.focus());
}

/**
 * Keeps focus when the focused button disappears: moves it to the first remaining button in the element, or
 * else to what the selector finds.
 */
export function useFocusKept(element: { current: HTMLElement | null }, otherwise: string): void {
  const hadFocus = useRef(false);
  // The document is still unchanged during the render; the effect runs after the change.
  hadFocus.current = element.current?.contains(document.activeElement) ?? false;
  useLayoutEffect(() => {
    if (!hadFocus.current || document.activeElement !== document.body) return;
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
