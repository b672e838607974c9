import type { Job } from "./types.js";

/** A part in the answer to `POST /uploads`. */
export interface Part {
  number: number;
  size: number;
  url: string;
  headers: Record<string, string>;
}

/** The answer to `POST /uploads`. */
export interface Plan {
  upload_id: string;
  part_size: number;
  part_count: number;
  parts: Part[];
}

const POLL_MILLIS = 100;

/** Calls the API without a library. Throws unless the call succeeds. */
export async function call<T>({ api, token }: Job, method: string, path: string, body?: unknown): Promise<T> {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const answer = await fetch(api + path, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** Creates an upload in parts of the job's size. */
export function begin(job: Job, size: number): Promise<Plan> {
  return call(job, "POST", "/uploads", { path: job.path, size, part_size: job.partSize });
}

/** Returns the headers that a script must set. The browser sets the length. */
export function settableHeaders({ headers }: Part): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.toLowerCase() !== "content-length"),
  );
}

/** Waits until the server has verified the bytes, and returns the time. */
export async function untilAvailable(job: Job, uploadId: string): Promise<number> {
  for (;;) {
    const { state } = await call<{ state: string }>(job, "GET", `/uploads/${uploadId}`);
    if (state === "available") return performance.now();
    if (state !== "pending" && state !== "open") throw new Error(`the upload is ${state}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLIS));
  }
}
