import { expect } from "vitest";
import { type LocalFile, MIB, sha256Of } from "../src/files.js";
import { story } from "../src/story.js";
import type { Visitor } from "../src/visitor.js";

/** The part size that the server chooses for files of this size. */
const PART = 16 * MIB;
const SIZE = 4 * PART;

/** Sends the first two of four parts. */
async function sendHalf(visitor: Visitor, file: LocalFile): Promise<void> {
  await visitor.wire.hold(3, 4);
  await visitor.choose([file]);
  await visitor.until(file.name, "Uploading 2 of 4 parts");
}

async function untilListed(visitor: Visitor): Promise<void> {
  await visitor.unfinished.getByText("32.00 MiB of 64.00 MiB are on the server").waitFor();
}

story("after a reload, an upload sends only what is missing", async ({ visit, account, files }) => {
  const file = await files.random("half.bin", SIZE);
  const visitor = await visit({ as: account });
  await sendHalf(visitor, file);
  await visitor.picture("half-sent");
  await visitor.page.reload();
  await visitor.wire.release();
  await untilListed(visitor);
  await visitor.unfinished.getByText("added in this browser").waitFor();

  visitor.wire.reset();
  await visitor.choose([file]);
  await visitor.until(file.name, "Available");
  expect(visitor.wire.sentBytes).toBe(SIZE / 2);
  expect((await account.at(file.name))?.sha256).toBe(await sha256Of(file.path));
  await visitor.button(`Download ${file.name}`).waitFor();
  await expect.poll(() => visitor.unfinished.count()).toBe(0);
  expect(await account.reservedBytes()).toBe(0);
});

story("another browser resumes an upload from the server's list", async ({ visit, account, files }) => {
  const file = await files.random("half.bin", SIZE);
  const earlier = await visit({ as: account });
  await sendHalf(earlier, file);
  await earlier.page.close();

  const visitor = await visit({ as: account });
  await untilListed(visitor);
  await visitor.unfinished.getByText("started in another browser or program").waitFor();
  await visitor.choose([file], "Choose the file again: half.bin");
  await visitor.until(file.name, "Available");
  expect(visitor.wire.sentBytes).toBe(SIZE / 2);
  expect((await account.at(file.name))?.sha256).toBe(await sha256Of(file.path));
});

story("a different file of the same size does no harm", async ({ visit, account, files }) => {
  const file = await files.random("half.bin", SIZE);
  const other = await files.random("other/half.bin", SIZE);
  const longer = await files.random("longer/half.bin", SIZE + 1);
  const visitor = await visit({ as: account });
  await sendHalf(visitor, file);
  await visitor.page.reload();
  await visitor.wire.release();
  await untilListed(visitor);

  await visitor.choose([longer], "Choose the file again: half.bin");
  await visitor.unfinished
    .getByRole("alert")
    .getByText("None of the unfinished files is among these")
    .waitFor();
  visitor.wire.reset();
  await visitor.choose([other], "Choose the file again: half.bin");
  await visitor.until(other.name, "Available");
  expect(visitor.wire.sentBytes).toBe(SIZE);
  expect((await account.at(other.name))?.sha256).toBe(await sha256Of(other.path));
});

story("with a file handle, the file need not be picked again", async ({ visit, account }) => {
  const visitor = await visit({ as: account, withHandles: true });
  const { page } = visitor;
  // A handle of the browser's own file system, because a test cannot choose a file on disk.
  const sha256 = await page.evaluate(async (size) => {
    const folder = await navigator.storage.getDirectory();
    const handle = await folder.getFileHandle("handled.bin", { create: true });
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
    const writable = await handle.createWritable();
    await writable.write(bytes);
    await writable.close();
    Object.assign(window, { showOpenFilePicker: async () => [handle] });
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }, 2 * PART);
  await visitor.wire.hold(2);
  await visitor.button("Choose files").click();
  await visitor.until("handled.bin", "Uploading 1 of 2 parts");
  await page.reload();
  await visitor.wire.release();

  visitor.wire.reset();
  await visitor.button("Continue: handled.bin").click();
  await visitor.until("handled.bin", "Available");
  expect(visitor.wire.sentBytes).toBe(PART);
  expect((await account.at("handled.bin"))?.sha256).toBe(sha256);
});

story("the browser stores no secret", async ({ visit, account, files }) => {
  const file = await files.random("kept.bin", 2 * PART);
  const visitor = await visit({ as: account });
  await visitor.wire.hold(2);
  await visitor.choose([file]);
  await visitor.until(file.name, "Uploading 1 of 2 parts");
  const kept = await visitor.page.evaluate(async () => {
    const rows: unknown[] = [];
    const finished = (request: IDBRequest) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    for (const { name } of await indexedDB.databases()) {
      const database = (await finished(indexedDB.open(name ?? ""))) as IDBDatabase;
      for (const store of database.objectStoreNames) {
        rows.push(await finished(database.transaction(store).objectStore(store).getAll()));
      }
      database.close();
    }
    return JSON.stringify([rows, { ...localStorage }, { ...sessionStorage }, document.cookie]);
  });
  expect(kept).toContain("kept.bin");
  const cookies = await visitor.page.context().cookies();
  expect(
    cookies.map(({ name, httpOnly, secure, sameSite }) => ({ name, httpOnly, secure, sameSite })),
  ).toEqual([{ name: "__Host-sluice-session", httpOnly: true, secure: true, sameSite: "Strict" }]);
  for (const secret of [cookies[0]?.value ?? "", account.password, "X-Amz-Signature"]) {
    expect(secret.length).toBeGreaterThan(10);
    expect(kept).not.toContain(secret);
  }
});
