import type { Locator } from "playwright-core";
import { expect } from "vitest";
import type { Account } from "../src/account.js";
import { type LocalFile, MIB, sha256Of } from "../src/files.js";
import { story } from "../src/story.js";
import type { Visitor } from "../src/visitor.js";

const SIZE = 24 * MIB;
const FIRST_PART = 16 * MIB;

async function logIn({ page }: Visitor, account: Account): Promise<void> {
  await page.getByLabel("User name").fill(account.username);
  await page.getByLabel("Password").fill(account.password);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** Sends the first of two parts with the Dashboard, which shows what has left, not what has arrived. */
async function sendFirstPart(visitor: Visitor, file: LocalFile): Promise<void> {
  await visitor.wire.hold(2);
  await visitor.choose([file], "browse files");
  const arrived = visitor.page.waitForResponse((response) => response.request().method() === "PUT");
  await visitor.button("Upload 1 file").click();
  await arrived;
  await visitor.page.getByText(/17 MB of 25 MB|16 MB of 24 MB/).waitFor();
}

function uploaded({ page }: Visitor, file: LocalFile): Locator {
  return page.getByRole("list", { name: "Uploaded" }).getByText(`${file.name}: uploaded`);
}

story("Uppy pauses, resumes, and resumes again after a reload", async ({ visit, stack, account, files }) => {
  const file = await files.random("uppy.bin", SIZE);
  const visitor = await visit({ address: `${stack.example}/?api=${stack.api}` });
  await logIn(visitor, account);
  await sendFirstPart(visitor, file);
  await visitor.picture("uppy");
  await visitor.button("Pause").click();
  await visitor.page.getByText("Upload paused").waitFor();
  await visitor.button("Resume").click();
  await visitor.page.getByText("Uploading 1 file").waitFor();

  await visitor.page.reload();
  await visitor.wire.release();
  await visitor.page.getByText("Session restored").waitFor();
  await visitor.picture("uppy-restored");
  visitor.wire.reset();
  await visitor.button("Upload 1 file").click();
  await uploaded(visitor, file).waitFor();
  expect(visitor.wire.sentBytes).toBe(SIZE - FIRST_PART);
  expect((await account.at(file.name))?.sha256).toBe(await sha256Of(file.path));
  await visitor.picture("uppy-complete");
});

story("cancelling in Uppy aborts the upload on the server", async ({ visit, stack, account, files }) => {
  const file = await files.random("cancelled.bin", SIZE);
  const visitor = await visit({ address: `${stack.example}/?api=${stack.api}` });
  await logIn(visitor, account);
  await sendFirstPart(visitor, file);
  expect(await account.open()).toEqual([file.name]);
  await visitor.button("Remove file").click();
  await expect.poll(() => account.open()).toEqual([]);
  expect(await account.reservedBytes()).toBe(0);
});
