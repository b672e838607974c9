import { readFile } from "node:fs/promises";
import type { Browser, CDPSession } from "playwright-core";
import type { Job, Measured, Uploader } from "../page/types.js";
import { ORIGIN } from "./page-server.js";

/** Measurements of an upload by the page and the browser. */
export interface Run extends Measured {
  /** The peak of the page's JavaScript heap, without workers. */
  heapBytes: number;
  /** The peak growth of resident memory of the page's process, with workers and WebAssembly. */
  memoryBytes: number;
  /** The bodies of all requests, in bytes. */
  sentBytes: number;
  requests: number;
}

const SAMPLE_MILLIS = 50;
const LIMIT_MILLIS = 15 * 60_000;

/** Uploads a local file in a new page. */
export async function measure(browser: Browser, file: string, uploader: Uploader, job: Job): Promise<Run> {
  await using context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(ORIGIN);
  await page.setInputFiles("input", file);
  const session = await context.newCDPSession(page);
  const sent = await watchRequests(session);
  const memory = await watchMemory(session, await rendererOf(browser, session));
  const upload = page.evaluate(([how, what]) => window.measure(how, what), [uploader, job] as const);
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

/** Returns the id of the page's process: the one that has used most CPU time; the others are idle spares. */
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
