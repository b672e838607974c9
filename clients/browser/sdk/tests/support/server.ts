import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
export interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}

export type Answer = (request: Seen, response: ServerResponse) => void;

/** An HTTP server that answers as the test says and records the requests. */
export class TestServer {
  readonly seen: Seen[] = [];
  #server: Server | undefined;

  constructor(public answer: Answer) {}

  /** Starts the server and returns its address. */
  async start(): Promise<string> {
    this.#server = createServer((request, response) => {
      let body = "";
      request.on("data", (block) => {
        body += block;
      });
      request.on("end", () => {
        const { method = "", url = "", headers } = request;
        const seen = { method, url, headers, body };
        this.seen.push(seen);
        this.answer(seen, response);
      });
    });
    const server = this.#server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }
}

export function json(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}
