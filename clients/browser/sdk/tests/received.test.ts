import { expect, it } from "vitest";
import { digest } from "../src/hash/digest.js";
import { md5Of } from "../src/upload/received.js";

it("an MD5 is read from an ETag without quotes, in lower case", async () => {
  const md5 = await digest(
    { blob: new Blob(["part"]), algorithm: "md5" },
    () => {},
    () => false,
  );
  expect(md5Of(`"${md5.toUpperCase()}"`)).toBe(md5);
  expect(md5Of(`"${md5}-3"`)).toBeUndefined();
  expect(md5Of("")).toBeUndefined();
});

it("reading reports its progress, and stops when it is cancelled", async () => {
  const blob = new Blob([new Uint8Array(9 << 20)]);
  const read: number[] = [];
  const input = { blob, algorithm: "sha256" } as const;
  await digest(
    input,
    (bytes) => read.push(bytes),
    () => false,
  );
  expect(read).toEqual([4 << 20, 8 << 20, 9 << 20]);
  const cancelled = digest(
    input,
    () => {},
    () => true,
  );
  await expect(cancelled).rejects.toMatchObject({ name: "AbortError" });
});
