/** Hashes, cuts, decodes and compares bytes on request. */

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

/** Sends a reply, and transfers parts of it instead of copying them. */
type Post = (reply: Reply, transfer: Transferable[]) => void;

/** Returns a function that takes requests, and posts their replies. */
export function serve(post: Post): (request: Request) => void {
  const running = new Map<number, { isCancelled: boolean }>();
  return (request) => {
    if (request.kind === "cancel") {
      const job = running.get(request.id);
      if (job) job.isCancelled = true;
      return;
    }
    const job = { isCancelled: false };
    running.set(request.id, job);
    void run(request, post, () => job.isCancelled).finally(() => running.delete(request.id));
  };
}

async function run(
  { id, kind, input }: Exclude<Request, { kind: "cancel" }>,
  post: Post,
  isCancelled: () => boolean,
): Promise<void> {
  const handler = handlers[kind] as (...parameters: unknown[]) => Promise<Jobs[JobKind]["output"]>;
  const onProgress = throttled((progress) => post({ id, progress }, []));
  try {
    const output = await handler(input, onProgress, isCancelled);
    post({ id, output }, buffersOf(output));
  } catch (error) {
    const { name, message } = error instanceof Error ? error : { name: "Error", message: String(error) };
    post({ id, error: { name, message } }, []);
  }
}

function throttled(report: OnProgress): OnProgress {
  let last = 0;
  return (progress) => {
    const now = performance.now();
    if (now - last < PROGRESS_MILLISECONDS) return;
    last = now;
    report(progress);
  };
}

/** Large results are transferred. */
function buffersOf(output: Jobs[JobKind]["output"]): Transferable[] {
  if (!(output instanceof Object)) return [];
  return Object.values(output).flatMap((value) =>
    ArrayBuffer.isView(value) ? [value.buffer as ArrayBuffer] : [],
  );
}
