import axe from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";

/** Fails if the page violates a rule of axe. `state` describes the page in the failure. */
export async function assertAccessible(page: Page, state: string): Promise<void> {
  await animationsFinished(page);
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: typeof import("axe-core") };
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`),
    );
  });
  expect(violations, state).toEqual([]);
}

/** Fails if the page needs horizontal scrolling. */
export async function assertFitsAcross(page: Page, state: string): Promise<void> {
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(beyond, state).toBeLessThanOrEqual(0);
}

/** Waits for animations that end, because colours differ during transitions. */
async function animationsFinished(page: Page): Promise<void> {
  await page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .filter(({ effect }) => effect?.getTiming().iterations !== Number.POSITIVE_INFINITY)
        .map((animation) => animation.finished.catch(() => {})),
    ),
  );
}
