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

/** How somebody comes to the page. */
export interface Visit extends BrowserContextOptions {
  /** Another tab of the same browser. */
  beside?: Visitor;
  /** The page itself, if absent. */
  address?: string;
  /** Signed in. */
  as?: Account;
  /** A problem that the story is about. */
  expecting?: RegExp;
  /** Whether the browser can give handles of files (as Chromium does), rather than only the files (as the others). */
  withHandles?: boolean;
}

interface Fixtures {
  stack: StackAddresses;
  browser: Browser;
  files: Files;
  account: Account;
  /** Opens a tab: in a browser profile of its own, unless it is beside another. */
  visit: (visit?: Visit) => Promise<Visitor>;
}

/** A test with a stack, a browser, a folder for files and an account of its own. Any problem in a console fails it. */
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

/** Chromium: that of CHROMIUM, or the one that Debian installs. With HEADED, it can be watched. */
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
  // Choosing files for an input is all that the devtools protocol can do in the place of a person.
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
