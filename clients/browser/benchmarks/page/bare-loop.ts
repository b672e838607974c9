import { begin, call, type Part, settableHeaders, untilAvailable } from "./api.js";
import type { Job } from "./types.js";

/** Sends a part by XMLHttpRequest and returns its ETag. */
function put(part: Part, body: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", part.url);
    for (const [name, value] of Object.entries(settableHeaders(part))) request.setRequestHeader(name, value);
    request.onload = () => {
      const etag = request.getResponseHeader("ETag");
      if (request.status === 200 && etag) resolve(etag);
      else reject(new Error(`part ${part.number}: ${request.status}`));
    };
    request.onerror = () => reject(new Error(`part ${part.number}: no answer`));
    request.send(body);
  });
}

/** Uploads with the least possible code: concurrent presigned PUTs of slices, and nothing else. */
export async function bareLoop(file: File, job: Job): Promise<{ completed: number; available: number }> {
  const plan = await begin(job, file.size);
  if (plan.parts.length !== plan.part_count) throw new Error("more parts than one answer has URLs for");
  const waiting = plan.parts.values();
  const sent: { number: number; etag: string }[] = [];
  const lane = async () => {
    for (const part of waiting) {
      const start = (part.number - 1) * plan.part_size;
      sent.push({ number: part.number, etag: await put(part, file.slice(start, start + part.size)) });
    }
  };
  await Promise.all(Array.from({ length: job.parallel }, lane));
  sent.sort((a, b) => a.number - b.number);
  await call(job, "POST", `/uploads/${plan.upload_id}/complete`, { parts: sent });
  const completed = performance.now();
  return { completed, available: await untilAvailable(job, plan.upload_id) };
}
