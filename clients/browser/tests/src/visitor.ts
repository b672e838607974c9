import { join } from "node:path";
import type { BrowserContext, Download, Locator, Page } from "playwright-core";
import { expect } from "vitest";
import type { Account } from "./account.js";
import type { LocalFile } from "./files.js";
import { SCREENSHOTS } from "./folders.js";
import { PATIENCE_MILLISECONDS } from "./patience.js";
import { Wire } from "./wire.js";

/** A user in a browser tab. Finds everything by role and name, as users do. */
export class Visitor {
  /** Console errors, uncaught exceptions and violations of the security policy. */
  readonly problems: string[] = [];

  private constructor(
    readonly page: Page,
    readonly wire: Wire,
    private readonly expecting: RegExp | undefined,
  ) {}

  /** Opens a tab on an address. */
  static async open(
    context: BrowserContext,
    address: string,
    bucket: string,
    expecting?: RegExp,
  ): Promise<Visitor> {
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MILLISECONDS);
    const visitor = new Visitor(page, await Wire.tap(page, bucket), expecting);
    await visitor.#watch();
    await page.goto(address);
    return visitor;
  }

  get uploads(): Locator {
    return this.page.getByRole("region", { name: "Uploads", exact: true });
  }

  get unfinished(): Locator {
    return this.page.getByRole("region", { name: "Unfinished uploads", exact: true });
  }

  get downloads(): Locator {
    return this.page.getByRole("region", { name: "Downloads", exact: true });
  }

  /** The list of files, of a folder or of a search. */
  get files(): Locator {
    return this.page.getByRole("table", { name: "Files", exact: true });
  }

  button(name: string): Locator {
    return this.page.getByRole("button", { name, exact: true });
  }

  /** The row of an upload, by a part of the file's name. */
  upload(name: string): Locator {
    return this.uploads.getByRole("listitem").filter({ hasText: name });
  }

  /** The row of a file. */
  file(name: string): Locator {
    return this.files.getByRole("row").filter({ has: this.page.getByRole("button", { name, exact: true }) });
  }

  async signIn(account: Account): Promise<void> {
    await this.page.getByLabel("User name").fill(account.username);
    await this.page.getByLabel("Password").fill(account.password);
    await this.button("Sign in").click();
    await this.uploads.waitFor();
  }

  /** Chooses files with a button that opens a file chooser. */
  async choose(files: LocalFile[], button = "Choose files"): Promise<void> {
    const chooser = this.page.waitForEvent("filechooser");
    await this.button(button).click();
    await (await chooser).setFiles(files.map((file) => file.path));
  }

  /** Chooses a folder with a button that opens a file chooser. */
  async chooseFolder(path: string, button = "Choose a folder"): Promise<void> {
    const chooser = this.page.waitForEvent("filechooser");
    await this.button(button).click();
    await (await chooser).setFiles(path);
  }

  /** Drops files and folders on the page. */
  async drop(paths: string[]): Promise<void> {
    const session = await this.page.context().newCDPSession(this.page);
    const data = { items: [], files: paths, dragOperationsMask: 1 };
    for (const type of ["dragEnter", "dragOver", "drop"] as const) {
      await session.send("Input.dispatchDragEvent", { type, x: 300, y: 300, data });
    }
  }

  /** Waits until the state of an upload contains some words. The file's name may contain them too. */
  async until(name: string, words: string | RegExp): Promise<void> {
    await this.upload(name).locator(".row-state").filter({ hasText: words }).waitFor();
  }

  /** Clicks a button and waits for its download. */
  async saved(button: Locator): Promise<Download> {
    const download = this.page.waitForEvent("download");
    await button.click();
    return download;
  }

  /** Saves a screenshot of the visible part of the page. */
  async picture(name: string): Promise<void> {
    await this.page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
  }

  /** Fails if there was an unexpected problem, or not the expected one. */
  assertProblemsAsExpected(): void {
    const others = this.problems.filter((problem) => !this.expecting?.test(problem));
    expect(others, "problems in the console").toEqual([]);
    if (this.expecting) expect(this.problems.join("\n")).toMatch(this.expecting);
  }

  async #watch(): Promise<void> {
    const session = await this.page.context().newCDPSession(this.page);
    session.on("Audits.issueAdded", ({ issue: { code, details } }) => {
      if (code === "ContentSecurityPolicyIssue") this.problems.push(JSON.stringify(details));
    });
    await session.send("Audits.enable");
    this.page.on("pageerror", (error) => this.problems.push(String(error.stack)));
    this.page.on("console", (message) => {
      // The console repeats every status from 400 on. The page has to handle those.
      const isAnswer = message.text().startsWith("Failed to load resource");
      if (message.type() === "error" && !isAnswer) this.problems.push(message.text());
    });
  }
}
