import { expect } from "vitest";
import { assertFitsAcross } from "../src/accessibility.js";
import { sha256Of } from "../src/files.js";
import { story } from "../src/story.js";

/** File names, and how the page shows them: always as text. */
const NAMES: [name: string, shown: string][] = [
  ["<img src=x onerror=alert(1)>.txt", "<img src=x onerror=alert(1)>.txt"],
  ["invoice\u202egnp.exe", "invoice[U+202E]gnp.exe"],
  [" .leading space", " .leading space"],
  ["..two dots", "..two dots"],
  ["报告 2026 年.txt", "报告 2026 年.txt"],
  ["שלום.txt", "שלום.txt"],
  ["a#b?c%20d&e+f.txt", "a#b?c%20d&e+f.txt"],
  ["'\"`{1}\\.txt", "'\"`{1}\\.txt"],
  [`${"long ".repeat(50)}.txt`, `${"long ".repeat(50)}.txt`],
];

story("hostile names are shown as text and stay unchanged", async ({ visit, account, files }) => {
  const made = [];
  for (const [name] of NAMES) made.push(await files.random(name, 1000 + made.length));
  const visitor = await visit({ as: account });
  const { page } = visitor;
  const dialogs: string[] = [];
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  await visitor.choose(made);
  await visitor.uploads.getByText(`${made.length} of ${made.length} files finished`).waitFor();
  for (const [index, [name, shown]] of NAMES.entries()) {
    await visitor.button(`Download ${shown}`).waitFor();
    const file = made[index];
    const version = await account.at(name);
    expect(version?.path).toBe(name);
    expect(version?.sha256).toBe(await sha256Of(file?.path ?? ""));
  }
  await visitor.picture("hostile-names");
  await visitor.button("Versions of <img src=x onerror=alert(1)>.txt").click();
  await page
    .getByRole("dialog", { name: "Versions" })
    .getByText("<img src=x onerror=alert(1)>.txt")
    .waitFor();
  await page.keyboard.press("Escape");
  await visitor.button("Delete <img src=x onerror=alert(1)>.txt").click();
  await page.getByRole("status").getByText("<img src=x onerror=alert(1)>.txt").first().waitFor();
  expect(await page.locator("img").count()).toBe(0);
  expect(dialogs).toEqual([]);

  const odd = made[6];
  const download = await visitor.saved(visitor.button("Download a#b?c%20d&e+f.txt"));
  expect(await sha256Of(await download.path())).toBe(await sha256Of(odd?.path ?? ""));
});

story("an empty file is uploaded and downloaded", async ({ visit, account, files }) => {
  const file = await files.random("nothing.txt", 0);
  const visitor = await visit({ as: account });
  await visitor.choose([file]);
  await visitor.until(file.name, "Available");
  expect((await account.at(file.name))?.size).toBe(0);
  const download = await visitor.saved(visitor.button("Download nothing.txt"));
  expect(await sha256Of(await download.path())).toBe(await sha256Of(file.path));
});

for (const width of [1280, 360]) {
  story(`a long name without spaces fits a window of ${width} pixels`, async ({ visit, account, files }) => {
    const name = "n".repeat(240);
    const folder = "f".repeat(240);
    const file = await files.random(`${folder}/${name}`, 1000);
    const visitor = await visit({ as: account, viewport: { width, height: 740 }, withHandles: true });
    const { page } = visitor;
    await visitor.drop([`${files.folder}/${folder}`]);
    await visitor.until(file.name, "Available");
    await visitor.button(`Open folder ${folder}`).click();
    await visitor.file(name).waitFor();
    await visitor.button(`Delete ${name}`).click();
    const undo = visitor.button(`Undo: restore ${name}`);
    await undo.waitFor();
    await visitor.picture(`long-name-${width}`);
    for (const button of [undo, visitor.button("Dismiss")]) {
      const box = await button.boundingBox();
      expect(box?.x, "left edge").toBeGreaterThanOrEqual(0);
      expect((box?.x ?? 0) + (box?.width ?? 0), "right edge").toBeLessThanOrEqual(width);
    }
    await assertFitsAcross(page, `a long name at ${width}`);
    const card = page.getByRole("region", { name: "Add files" });
    expect(await card.evaluate((element) => element.scrollWidth - element.clientWidth)).toBe(0);
  });
}
