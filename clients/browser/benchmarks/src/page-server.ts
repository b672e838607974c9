import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { extname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { build } from "vite";

export const ORIGIN = "http://127.0.0.1:5176";

const local = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const PAGE = local("../page");
const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** Builds the page that uploads, and serves it until disposed. */
export async function servePage(): Promise<AsyncDisposable> {
  await build({
    configFile: false,
    root: local("../../page"),
    logLevel: "warn",
    build: { outDir: PAGE, emptyOutDir: true },
    worker: { format: "es" },
    resolve: { alias: { "@sluice/browser": local("../../../sdk/src/index.ts") } },
  });
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(Number(new URL(ORIGIN).port), "127.0.0.1", resolve);
  });
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? "/", ORIGIN);
  const [, area, step, uploadId] = pathname.split("/");
  if (area === "s3" && uploadId) {
    if (step === "completed") await complete(uploadId, searchParams, await text(request));
    response.writeHead(200, { "Content-Type": "application/xml" }).end(xml(step, uploadId));
    return;
  }
  const file = pathname === "/" ? "/index.html" : pathname;
  const bytes = await readFile(join(PAGE, file)).catch(() => undefined);
  if (!bytes) response.writeHead(404).end();
  else
    response
      .writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" })
      .end(bytes);
}

/** Returns S3's answer to the creation or the completion of a multipart upload. */
function xml(step: string | undefined, uploadId: string): string {
  if (step === "created") {
    return `<InitiateMultipartUploadResult><Bucket>landing</Bucket><Key>${uploadId}</Key><UploadId>${uploadId}</UploadId></InitiateMultipartUploadResult>`;
  }
  return `<CompleteMultipartUploadResult><Location>${ORIGIN}/${uploadId}</Location><Bucket>landing</Bucket><Key>${uploadId}</Key><ETag>none</ETag></CompleteMultipartUploadResult>`;
}

/** Completes an upload by the API, with the parts in a request to S3. */
async function complete(uploadId: string, query: URLSearchParams, request: string): Promise<void> {
  const named = request.matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>"?([^"<]+)"?<\/ETag>/g);
  const parts = Array.from(named, ([, number, etag]) => ({ number: Number(number), etag }));
  const done = await fetch(`${query.get("api")}/uploads/${uploadId}/complete`, {
    method: "POST",
    headers: { Authorization: `Bearer ${query.get("token")}`, "Content-Type": "application/json" },
    body: JSON.stringify({ parts }),
  });
  if (!done.ok) throw new Error(`complete: ${done.status} ${await done.text()}`);
}
