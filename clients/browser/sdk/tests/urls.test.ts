import { describe, expect, it } from "vitest";
import type { PartUrl } from "../src/api/uploads.js";
import { Urls } from "../src/upload/urls.js";

const NOW = Date.parse("2026-01-31T12:00:00Z");

/** Signs URLs and notes what it was asked for. */
class Signer {
  readonly asked: number[][] = [];
  now = NOW;
  life = 3_600_000;

  readonly sign = async (numbers: number[]): Promise<PartUrl[]> => {
    this.asked.push(numbers);
    return numbers.map((number) => this.url(number));
  };

  url(number: number): PartUrl {
    const expires = new Date(this.now + this.life).toISOString();
    return {
      number,
      size: 5,
      url: `http://b/${number}?${this.asked.length}`,
      headers: {},
      expiresAt: expires,
    };
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe("part URLs", () => {
  it("are fetched a hundred at a time, once however many ask", async () => {
    const signer = new Signer();
    const urls = new Urls(range(1, 250), [], signer.sign, () => signer.now);
    await Promise.all([urls.get(1), urls.get(2), urls.get(100)]);
    expect(signer.asked).toEqual([range(1, 100)]);
    urls.done(1);
    await urls.get(230);
    expect(signer.asked[1]).toEqual(range(230, 250));
  });

  it("that are already known are used until they expire", async () => {
    const signer = new Signer();
    const urls = new Urls([1, 2], [signer.url(1), signer.url(2)], signer.sign, () => signer.now);
    await urls.get(1);
    expect(signer.asked).toEqual([]);
    signer.now += 3_600_000 - 20_000;
    await urls.get(2);
    expect(signer.asked).toEqual([[2]]);
  });

  it("that were refused are fetched again, with all others", async () => {
    const signer = new Signer();
    const urls = new Urls(
      [1, 2, 3],
      [signer.url(1), signer.url(2), signer.url(3)],
      signer.sign,
      () => signer.now,
    );
    const refused = await urls.get(1);
    urls.done(3);
    urls.refuse(refused);
    const fresh = await urls.get(2);
    expect(signer.asked).toEqual([[2]]);
    // A late refusal of the old URL does not affect the new ones.
    urls.refuse({ ...refused, number: 2 });
    expect(await urls.get(2)).toBe(fresh);
  });

  it("that seem expired on arrival are used, because the local clock is wrong", async () => {
    const signer = new Signer();
    signer.life = -7_200_000;
    const urls = new Urls([1, 2], [], signer.sign, () => signer.now);
    await urls.get(1);
    await urls.get(2);
    expect(signer.asked).toEqual([[1, 2]]);
  });

  it("that the server does not return fail the upload", async () => {
    const urls = new Urls([1], [], async () => []);
    await expect(urls.get(1)).rejects.toMatchObject({ code: "unexpected_answer" });
  });
});
