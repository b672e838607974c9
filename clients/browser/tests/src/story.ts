import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from "playwright-core";
import { inject, test } from "vitest";
import { Account } from "./account.js";
import { Files } from "./files.js";
import type { StackAddresses } from "./stack.js";
import { Visitor } from "./visitor.js";

const ARGUMENTS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** How to open a tab. */
export interface Visit extends BrowserContextOptions {
  /** Opens the tab in the same browser profile as this one. */
  beside?: Visitor;
  /** The address to open. Default: the page. */
  address?: string;
  /** Signs in as this account. */
  as?: Account;
  /** A problem that the story expects. */
  expecting?: RegExp;
  /** Whether the browser has file handles, as Chromium does. Default: it has none, like other browsers. */
  withHandles?: boolean;
}

interface Fixtures {
  stack: StackAddresses;
  browser: Browser;
  files: Files;
  account: Account;
  /** Opens a tab in a new browser profile, or beside another tab. */
  visit: (visit?: Visit) => Promise<Visitor>;
}

/**
 * A test with a stack, a browser, its own folder for files and its own account. Problems in the console fail
 * it.
 */
export const story = test.extend<Fixtures>({
  stack: [async ({}, use) => use(inject("stack")), { scope: "worker" }],
  browser: [
    async ({}, use) => {
      const browser = await launch();
      await use(browser);
      await browser.close();
    },
    { scope: "worker" },
  ],
  files: async ({}, use) => {
    const files = await Files.create();
    await use(files);
    await files.remove();
  },
  account: async ({ stack }, use) => use(await Account.create(stack.api)),
  visit: async ({ stack, browser, task }, use) => {
    const visitors: Visitor[] = [];
    await use(async (visit = {}) => {
      const visitor = await open(browser, stack, visit);
      visitors.push(visitor);
      return visitor;
    });
    if (task.result?.state === "fail") await picture(visitors, task.name);
    await Promise.all(visitors.map(({ page }) => page.context().close()));
    for (const visitor of visitors) visitor.assertProblemsAsExpected();
  },
});

/** Starts the Chromium of CHROMIUM, or Debian's. HEADED shows its windows. */
function launch(): Promise<Browser> {
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: isRoot ? ["--no-sandbox", ...ARGUMENTS] : ARGUMENTS,
    headless: process.env.HEADED === undefined,
  });
}

async function open(browser: Browser, stack: StackAddresses, visit: Visit): Promise<Visitor> {
  const { beside, address = `${stack.api}/`, as, expecting, withHandles = false, ...options } = visit;
  const context = beside?.page.context() ?? (await newContext(browser, withHandles, options));
  const visitor = await Visitor.open(context, address, stack.bucket, expecting);
  if (as !== undefined) await visitor.signIn(as);
  return visitor;
}

async function newContext(
  browser: Browser,
  withHandles: boolean,
  options: BrowserContextOptions,
): Promise<BrowserContext> {
  const context = await browser.newContext({
    locale: "en-GB",
    viewport: { width: 1280, height: 900 },
    ...options,
  });
  // The devtools protocol can choose files only for an input.
  if (!withHandles) {
    await context.addInitScript(() => {
      Reflect.deleteProperty(window, "showOpenFilePicker");
      Reflect.deleteProperty(window, "showSaveFilePicker");
    });
  }
  return context;
}

async function picture(visitors: Visitor[], story: string): Promise<void> {
  const name = story.replace(/[^a-z0-9]+/gi, "-");
  await Promise.all(
    visitors.map((visitor, index) => visitor.picture(`failed-${name}-${index + 1}`).catch(() => {})),
  );
}
