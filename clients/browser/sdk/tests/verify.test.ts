import { readFileSync } from "node:fs";
import { blake3 } from "hash-wasm";
import { describe, expect, it } from "vitest";
import { decodeFrame } from "../src/hash/frame.js";
import { finishStream, updateStream } from "../src/hash/stream-digest.js";
import { verifyUnits } from "../src/hash/verify.js";

const vectors = new URL("../../../../crates/domain/tests/vectors/", import.meta.url);
const frame = new Uint8Array(Buffer.from(readFileSync(new URL("frame.hex", vectors), "utf8").trim(), "hex"));
const raw = Buffer.from("sluice frames ".repeat(100));

describe("a frame", () => {
  it("is decoded to its declared length", () => {
    expect(Buffer.from(decodeFrame(frame, 1400) ?? [])).toEqual(raw);
  });

  it("that is truncated, followed by other bytes or of another length or kind is refused", () => {
    expect(decodeFrame(frame, 1399)).toBeUndefined();
    expect(decodeFrame(frame, 262_145)).toBeUndefined();
    for (let length = 0; length < frame.length; length++) {
      expect(decodeFrame(frame.subarray(0, length), 1400), `${length}`).toBeUndefined();
    }
    expect(decodeFrame(Uint8Array.from([...frame, 0]), 1400)).toBeUndefined();
    expect(decodeFrame(Uint8Array.from([...frame, ...frame]), 1400)).toBeUndefined();
  });

  it("with any byte changed is never decoded to another length, and never hangs", () => {
    for (let index = 0; index < frame.length; index++) {
      for (const mask of [1, 0x20, 0x80, 0xff]) {
        const bad = frame.slice();
        bad[index] = (bad[index] as number) ^ mask;
        expect([undefined, 1400]).toContain(decodeFrame(bad, 1400)?.length);
      }
    }
  });
});

describe("verification", () => {
  it("extracts chunks from units of both kinds", async () => {
    const idOf = (bytes: Uint8Array) => blake3(bytes);
    const first = new Uint8Array(Buffer.from("a chunk as it is"));
    const bytes = Uint8Array.from([...first, ...frame]);
    const units = [
      { storedLength: first.length, chunks: [{ id: await idOf(first), length: first.length, offset: 0 }] },
      {
        storedLength: frame.length,
        decodedLength: 1400,
        chunks: [
          { id: await idOf(raw.subarray(100, 700)), length: 600, offset: 100 },
          { id: await idOf(raw.subarray(700, 1400)), length: 700, offset: 700 },
        ],
      },
    ];
    const verified = await verifyUnits({ bytes, units });
    expect(Buffer.from(verified.bytes ?? [])).toEqual(Buffer.concat([first, raw.subarray(100)]));
    // One byte in the chunk, one in the literals of the frame.
    for (const index of [0, first.length + 15]) {
      const bad = bytes.slice();
      bad[index] = (bad[index] as number) ^ 1;
      expect((await verifyUnits({ bytes: bad, units })).bytes, `${index}`).toBeUndefined();
    }
  });

  it("keeps the hashes of several streams apart", async () => {
    const block = (text: string) => new Uint8Array(Buffer.from(text));
    await updateStream({ stream: 1, bytes: block("ab") });
    await updateStream({ stream: 2, bytes: block("x") });
    await updateStream({ stream: 1, bytes: block("c") });
    const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(await finishStream({ stream: 1 })).toBe(abc);
    expect(await finishStream({ stream: 1 })).not.toBe(abc);
  });
});
