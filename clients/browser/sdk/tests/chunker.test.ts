import { readFileSync } from "node:fs";
import { createBLAKE3 } from "hash-wasm";
import { describe, expect, it } from "vitest";
import { Chunker, createGear } from "../src/hash/chunker.js";
import { chunkBlob } from "../src/hash/chunk-blob.js";
import { vectorBytes } from "./support/vectors.js";

const expected = readFileSync(
  new URL("../../../../crates/domain/tests/vectors/chunks.txt", import.meta.url),
  "utf8",
)
  .trim()
  .split("\n");

describe("chunk cuts", () => {
  it("are those of docs/FORMATS.md", async () => {
    const { ids, lengths } = await chunkBlob(
      { blob: new Blob([vectorBytes()]) },
      () => {},
      () => false,
    );
    const lines = Array.from(lengths, (length, index) => {
      const id = Buffer.from(ids.subarray(index * 32, index * 32 + 32)).toString("hex");
      return `${length} ${id}`;
    });
    expect(lines).toEqual(expected);
  });

  it("do not depend on how the bytes arrive in blocks", async () => {
    const gear = await createGear();
    const bytes = vectorBytes();
    for (const size of [997, 4096, 65_536, 70_001, 1 << 20]) {
      const lengths: number[] = [];
      const chunker = new Chunker(gear, (chunk) => lengths.push(chunk.length));
      for (let start = 0; start < bytes.length; start += size) {
        chunker.update(bytes.subarray(start, start + size));
      }
      chunker.finish();
      expect(lengths, `${size}`).toEqual(expected.map((line) => Number(line.split(" ")[0])));
    }
  });

  it("do not test an odd last byte", async () => {
    // The file ends right after a cut. An even last byte is cut off there, an odd one is not.
    const gear = await createGear();
    const first = Number(expected[0]?.split(" ")[0]);
    const lengthsOf = (bytes: Uint8Array) => {
      const lengths: number[] = [];
      const chunker = new Chunker(gear, (chunk) => lengths.push(chunk.length));
      chunker.update(bytes);
      chunker.finish();
      return lengths;
    };
    const odd = first % 2 === 0;
    expect(lengthsOf(vectorBytes().subarray(0, first + 1))).toEqual(odd ? [first + 1] : [first, 1]);
    expect(lengthsOf(vectorBytes().subarray(0, first + 2))).toEqual([first, 2]);
  });

  it("name chunks by BLAKE3", async () => {
    const blake3 = await createBLAKE3();
    const { ids, lengths } = await chunkBlob(
      { blob: new Blob(["short"]) },
      () => {},
      () => false,
    );
    expect([...lengths]).toEqual([5]);
    expect(Buffer.from(ids).toString("hex")).toBe(blake3.update("short").digest());
  });
});
