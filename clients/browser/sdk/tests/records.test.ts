import "fake-indexeddb/auto";
import { expect, it, vi } from "vitest";
import { deleteRecord, listRecords, saveRecord, type UploadRecord } from "../src/upload/records.js";

const record = (uploadId: string): UploadRecord => {
  const fields = {
    api: "http://a",
    accountId: "1",
    path: "a",
    name: "a",
    size: 1,
    lastModified: 2,
    expiresAt: 3,
  };
  return { uploadId, ...fields };
};

it("records are kept until they are deleted", async () => {
  await saveRecord(record("1"));
  await saveRecord(record("2"));
  await saveRecord({ ...record("1"), size: 5 });
  expect((await listRecords()).map(({ uploadId, size }) => [uploadId, size])).toEqual([
    ["1", 5],
    ["2", 1],
  ]);
  await deleteRecord("1");
  await deleteRecord("unknown");
  expect(await listRecords()).toEqual([record("2")]);
});

it("without IndexedDB nothing fails", async () => {
  vi.stubGlobal("indexedDB", undefined);
  await saveRecord(record("3"));
  expect(await listRecords()).toEqual([]);
  vi.unstubAllGlobals();
});
