import type { Browser } from "playwright-core";
import { bytes, median, table } from "./table.js";

const LOADS = 5;
const LOADED_MILLIS = 1000;

interface Load {
  paintMillis: number;
  received: number;
  requests: number;
}

/** Loads a page several times, each time without a cache. */
export async function measurePaint(browser: Browser, url: string): Promise<string> {
  const loads: Load[] = [];
  for (let load = 0; load < LOADS; load++) loads.push(await loadOnce(browser, url));
  const of = (field: keyof Load) => median(loads.map((load) => load[field]));
  const row = [`${Math.round(of("paintMillis"))} ms`, bytes(of("received")), String(of("requests"))];
  const columns = ["first contentful paint", "received", "requests"];
  return `Medians of ${LOADS} loads without a cache.\n\n${table(columns, [row])}`;
}

async function loadOnce(browser: Browser, url: string): Promise<Load> {
  await using context = await browser.newContext();
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  let received = 0;
  let requests = 0;
  session.on("Network.requestWillBeSent", ({ request }) => {
    if (!request.url.startsWith("data:")) requests += 1;
  });
  session.on("Network.loadingFinished", ({ encodedDataLength }) => {
    received += encodedDataLength;
  });
  await session.send("Network.enable");
  await page.goto(url, { waitUntil: "load" });
  await page.waitForTimeout(LOADED_MILLIS);
  const paintMillis = await page.evaluate(
    () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
  );
  return { paintMillis, received, requests };
}
