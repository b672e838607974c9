import "fake-indexeddb/auto";
import { expect, it, vi } from "vitest";
import { allKept, dropKept, type Kept, keep } from "../src/upload/kept.js";

const kept = (uploadId: string): Kept => {
  const what = {
    api: "http://a",
    accountId: "1",
    path: "a",
    name: "a",
    size: 1,
    lastModified: 2,
    expiresAt: 3,
  };
  return { uploadId, ...what };
};

it("uploads are kept until they are dropped", async () => {
  await keep(kept("1"));
  await keep(kept("2"));
  await keep({ ...kept("1"), size: 5 });
  expect((await allKept()).map(({ uploadId, size }) => [uploadId, size])).toEqual([
    ["1", 5],
    ["2", 1],
  ]);
  await dropKept("1");
  await dropKept("unknown");
  expect(await allKept()).toEqual([kept("2")]);
});

it("where the browser keeps nothing, nothing fails", async () => {
  vi.stubGlobal("indexedDB", undefined);
  await keep(kept("3"));
  expect(await allKept()).toEqual([]);
  vi.unstubAllGlobals();
});
