import { readFile } from "node:fs/promises";
import type { Browser, CDPSession } from "playwright-core";
import type { Job, Measured, Way } from "../page/types.js";
import { ORIGIN } from "./page-server.js";

/** What an upload took, as its page and the browser saw it. */
export interface Run extends Measured {
  /** Most bytes of the page's JavaScript heap in use; workers have heaps of their own. */
  heapBytes: number;
  /** By how much the resident memory of the page's process grew: workers and WebAssembly included. */
  memoryBytes: number;
  /** Bytes of all requests' bodies. */
  sentBytes: number;
  requests: number;
}

const SAMPLE_MILLIS = 50;
const LIMIT_MILLIS = 15 * 60_000;

/** Uploads a local file in a new page. */
export async function measure(browser: Browser, file: string, way: Way, job: Job): Promise<Run> {
  await using context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(ORIGIN);
  await page.setInputFiles("input", file);
  const session = await context.newCDPSession(page);
  const sent = await watchRequests(session);
  const memory = await watchMemory(session, await rendererOf(browser, session));
  const upload = page.evaluate(([how, what]) => window.measure(how, what), [way, job] as const);
  const measured = await Promise.race([upload, tooLong()]);
  return { ...measured, ...(await memory.stop()), ...sent };
}

function tooLong(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error("the upload takes too long")), LIMIT_MILLIS).unref();
  });
}

async function watchRequests(session: CDPSession): Promise<{ sentBytes: number; requests: number }> {
  const sent = { sentBytes: 0, requests: 0 };
  session.on("Network.requestWillBeSentExtraInfo", ({ headers }) => {
    sent.requests += 1;
    sent.sentBytes += Number(headers["Content-Length"] ?? 0);
  });
  await session.send("Network.enable");
  return sent;
}

/** The id of the process that shows the page: the one that has used most time, all others being idle spares. */
async function rendererOf(browser: Browser, page: CDPSession): Promise<number> {
  await page.send("Runtime.evaluate", {
    expression: "for (const end = Date.now() + 200; Date.now() < end; );",
  });
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  const busiest = renderers.sort((a, b) => b.cpuTime - a.cpuTime)[0];
  if (!busiest) throw new Error("no process shows the page");
  return busiest.id;
}

async function residentBytes(process: number): Promise<number> {
  const status = await readFile(`/proc/${process}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

async function watchMemory(session: CDPSession, renderer: number) {
  await session.send("Performance.enable");
  const before = await residentBytes(renderer);
  const peak = { heapBytes: 0, memoryBytes: 0 };
  let watching = true;
  const watched = (async () => {
    while (watching) {
      const { metrics } = await session.send("Performance.getMetrics");
      const heap = metrics.find(({ name }) => name === "JSHeapUsedSize")?.value ?? 0;
      peak.heapBytes = Math.max(peak.heapBytes, heap);
      peak.memoryBytes = Math.max(peak.memoryBytes, (await residentBytes(renderer)) - before);
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MILLIS));
    }
  })();
  const stop = async () => {
    watching = false;
    await watched;
    return peak;
  };
  return { stop };
}
