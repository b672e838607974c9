import { expect, it } from "vitest";
import { Backoff, PATIENT, retryAfter } from "../src/backoff.js";

it("draws each delay from an interval that doubles, up to a limit, and ends after all retries", () => {
  const longest = new Backoff(PATIENT, () => 1);
  const delays: number[] = [];
  for (let delay = longest.next(); delay !== undefined; delay = longest.next()) delays.push(delay);
  expect(delays).toEqual([400, 800, 1600, 3200, 6400, 12_800, ...Array(6).fill(20_000)]);
  expect(new Backoff(1, () => 0).next()).toBe(0);
});

it("waits as long as the server asks, up to a limit", () => {
  expect(new Backoff(1, () => 0.5).next(7000)).toBe(7000);
  expect(new Backoff(1, () => 0.5).next(86_400_000)).toBe(120_000);
});

it("forgets failures after progress", () => {
  const backoff = new Backoff(2, () => 1);
  expect([backoff.next(), backoff.next(), backoff.next()]).toEqual([400, 800, undefined]);
  backoff.reset();
  expect(backoff.next()).toBe(400);
});

it("reads Retry-After in both of its forms", () => {
  const now = Date.parse("2026-01-31T12:00:00Z");
  expect(retryAfter("3", now)).toBe(3000);
  expect(retryAfter("Sat, 31 Jan 2026 12:00:05 GMT", now)).toBe(5000);
  expect(retryAfter("Sat, 31 Jan 2026 11:00:00 GMT", now)).toBe(0);
  expect(retryAfter("soon", now)).toBe(0);
  expect(retryAfter(null, now)).toBe(0);
});
