import { expect } from "vitest";
import { story } from "../src/story.js";
import type { Visitor } from "../src/visitor.js";

/** Presses Tab until the named control has the focus. */
async function tabTo(visitor: Visitor, role: "button" | "textbox", name: string): Promise<void> {
  const { page } = visitor;
  const target = page.getByRole(role, { name, exact: true });
  for (let steps = 0; steps < 40; steps++) {
    await page.keyboard.press("Tab");
    if (await target.evaluateAll((all) => all.includes(document.activeElement as HTMLElement))) return;
  }
  throw new Error(`the Tab key does not lead to ${name}`);
}

story("the keyboard is enough", async ({ visit, account, files }) => {
  const file = await files.random("typed.txt", 5000);
  const visitor = await visit();
  const { page } = visitor;
  const { keyboard } = page;
  await visitor.button("Sign in").waitFor();
  await tabTo(visitor, "textbox", "User name");
  await keyboard.type(account.username);
  await keyboard.press("Tab");
  await keyboard.type(account.password);
  await keyboard.press("Enter");
  await visitor.uploads.waitFor();

  await page.reload();
  await visitor.uploads.waitFor();
  const chooser = page.waitForEvent("filechooser");
  await tabTo(visitor, "button", "Choose files");
  await keyboard.press("Enter");
  await (await chooser).setFiles(file.path);
  await visitor.until(file.name, "Available");

  await visitor.button(`Versions of ${file.name}`).waitFor();
  await tabTo(visitor, "button", `Versions of ${file.name}`);
  await keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Versions" });
  await dialog.getByRole("listitem").waitFor();
  const isInDialog = () => page.evaluate(() => document.activeElement?.closest("dialog") !== null);
  for (let steps = 0; steps < 8; steps++) {
    expect(await isInDialog()).toBe(true);
    await keyboard.press("Tab");
    // After the last control, focus is in the browser's own bar, which is not part of the page.
    if (await page.evaluate(() => document.activeElement === document.body)) await keyboard.press("Tab");
  }
  await keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
  expect(await focused()).toBe(`Versions of ${file.name}`);

  await tabTo(visitor, "button", `Delete ${file.name}`);
  await keyboard.press("Enter");
  await visitor.button(`Undo: restore ${file.name}`).waitFor();
  await expect.poll(focused).toBe(`Undo: restore ${file.name}`);
  await keyboard.press("Enter");
  await visitor.file(file.name).waitFor();
});
