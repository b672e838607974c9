import { randomInt } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
};

/** A server with an origin of its own. */
export interface Served {
  origin: string;
  close(): Promise<void>;
}

/** Serves a folder on a free port. */
export async function serveFolder(folder: string): Promise<Served> {
  const server = await listening((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const path = join(folder, normalize(pathname === "/" ? "/index.html" : decodeURIComponent(pathname)));
    readFile(path).then(
      (bytes) =>
        response
          .writeHead(200, { "Content-Type": TYPES[extname(path)] ?? "application/octet-stream" })
          .end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  return { origin: `http://127.0.0.1:${portOf(server)}`, close: () => closed(server) };
}

/**
 * Finds a port for a server that starts later: outside the range that systems use for outgoing connections.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = await listening(() => {}, randomInt(10_240, 32_768)).catch(() => undefined);
    if (server) {
      const port = portOf(server);
      await closed(server);
      return port;
    }
  }
}

function listening(listener: RequestListener, port = 0): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(listener);
    server.once("error", reject).listen(port, "127.0.0.1", () => resolve(server));
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
