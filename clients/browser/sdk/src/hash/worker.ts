/** Runs in a worker: hashes, cuts, decodes and compares bytes off the main thread. */

import { makeDraft } from "../delta/draft.js";
import { chunkBlob } from "./chunk-blob.js";
import { digest } from "./digest.js";
import type { JobKind, Jobs, Reply, Request } from "./messages.js";
import { finishStream, updateStream } from "./stream-digest.js";
import { verifyUnits } from "./verify.js";

const PROGRESS_MILLISECONDS = 100;

type OnProgress = (bytes: number) => void;
type Handlers = {
  [Kind in JobKind]: (
    input: Jobs[Kind]["input"],
    onProgress: OnProgress,
    isCancelled: () => boolean,
  ) => Promise<Jobs[Kind]["output"]>;
};

const handlers: Handlers = {
  digest,
  chunk: chunkBlob,
  verify: verifyUnits,
  updateStream,
  finishStream,
  draft: async ({ chunks, runs }) => makeDraft(chunks, runs),
};
const running = new Map<number, { isCancelled: boolean }>();

self.onmessage = (event: MessageEvent<Request>) => {
  const request = event.data;
  const job = running.get(request.id);
  if (request.kind !== "cancel") void run(request);
  else if (job) job.isCancelled = true;
};

async function run(request: Exclude<Request, { kind: "cancel" }>): Promise<void> {
  const job = { isCancelled: false };
  running.set(request.id, job);
  const handler = handlers[request.kind] as Handlers[JobKind];
  try {
    const output = await (handler as (...parameters: unknown[]) => Promise<Jobs[JobKind]["output"]>)(
      request.input,
      throttled(request.id),
      () => job.isCancelled,
    );
    reply({ id: request.id, output });
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
    reply({ id: request.id, error: { name, message } });
  } finally {
    running.delete(request.id);
  }
}

function throttled(id: number): OnProgress {
  let last = 0;
  return (progress) => {
    const now = performance.now();
    if (now - last < PROGRESS_MILLISECONDS) return;
    last = now;
    reply({ id, progress });
  };
}

/** Transfers large results instead of copying them. */
function reply(message: Reply): void {
  const transfer: Transferable[] = [];
  if ("output" in message && message.output instanceof Object) {
    for (const value of Object.values(message.output)) {
      if (ArrayBuffer.isView(value)) transfer.push(value.buffer as ArrayBuffer);
    }
  }
  self.postMessage(message, { transfer });
}
