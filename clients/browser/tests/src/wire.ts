import type { CDPSession, Page } from "playwright-core";

/** A PUT to the bucket. */
export interface Put {
  url: string;
  /** The `Content-Length` that was sent. */
  bytes: number;
}

/** An error as S3 answers it. */
export interface S3Error {
  status: number;
  code: string;
  message: string;
}

/** What happens to an intercepted request: it is held, loses its answer, or gets this one. */
type Interception = "hold" | "lose" | S3Error;

/**
 * Records and controls the requests of a page to the bucket, by the devtools protocol. A request counts with
 * the `Content-Length` that was sent, even if it breaks off. A held request counts when it is released.
 */
export class Wire {
  readonly puts: Put[] = [];
  /** The method and path of every request. */
  readonly calls: string[] = [];
  /** Incomplete records: the URL and the length of a request arrive in any order. */
  readonly #incomplete = new Map<string, Partial<Put>>();
  /** URL patterns of the intercepted requests. */
  readonly #patterns: string[] = [];
  /** What happens to the first PUT of each intercepted part, or to all requests that are held. */
  #interception: Interception = "hold";
  readonly #answered = new Set<string>();
  readonly #held = new Set<string>();

  private constructor(
    private readonly session: CDPSession,
    private readonly bucket: string,
  ) {}

  static async tap(page: Page, bucket: string): Promise<Wire> {
    const session = await page.context().newCDPSession(page);
    const wire = new Wire(session, bucket);
    session.on("Network.requestWillBeSent", ({ requestId, request: { method, url } }) => {
      wire.calls.push(`${method} ${new URL(url).pathname}`);
      if (method === "PUT" && url.startsWith(`${bucket}/`)) wire.#note(requestId, { url });
    });
    session.on("Network.requestWillBeSentExtraInfo", ({ requestId, headers }) => {
      wire.#note(requestId, { bytes: Number(headers["Content-Length"] ?? 0) });
    });
    session.on("Fetch.requestPaused", ({ requestId, request: { method, url } }) => {
      void wire.#decide(requestId, method, url);
    });
    await session.send("Network.enable");
    return wire;
  }

  /** The sum of all PUTs to the bucket. */
  get sentBytes(): number {
    return this.puts.reduce((sum, put) => sum + put.bytes, 0);
  }
  reset(): void {
    this.puts.length = 0;
    this.calls.length = 0;
  }

  /** Holds these parts of uploads until `release`. */
  async hold(...parts: number[]): Promise<void> {
    await this.#intercept(this.#patternsOf(parts), "hold");
  }

  /** Holds API calls with this end of the path until `release`. */
  async holdCalls(path: string): Promise<void> {
    await this.#intercept([`*${path}`], "hold");
  }

  /** Answers the first PUT of each of these parts with an error, in place of the bucket. */
  async refuseOnce(parts: number[], error: S3Error): Promise<void> {
    await this.#intercept(this.#patternsOf(parts), error);
  }

  /** Loses the bucket's answer to the first PUT of each of these parts, once the bucket has the bytes. */
  async loseAnswers(...parts: number[]): Promise<void> {
    await this.#intercept(this.#patternsOf(parts), "lose");
  }

  /** Limits the page's uploads to so many bytes per second. */
  async slow(bytesPerSecond: number): Promise<void> {
    await this.session.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: bytesPerSecond,
    });
  }

  /** Releases all held requests and stops intercepting. */
  async release(): Promise<void> {
    this.#patterns.length = 0;
    this.#held.clear();
    await this.session.send("Fetch.disable");
  }

  /** Aborts all held requests and stops intercepting. */
  async drop(): Promise<void> {
    const failed = [...this.#held].map((requestId) =>
      // The page may have cancelled it already.
      this.session.send("Fetch.failRequest", { requestId, errorReason: "Aborted" }).catch(() => {}),
    );
    await Promise.all(failed);
    await this.release();
  }

  #note(requestId: string, part: Partial<Put>): void {
    const { url, bytes } = { ...this.#incomplete.get(requestId), ...part };
    this.#incomplete.set(requestId, {
      ...(url !== undefined && { url }),
      ...(bytes !== undefined && { bytes }),
    });
    if (url !== undefined && bytes !== undefined) this.puts.push({ url, bytes });
  }

  #patternsOf(parts: number[]): string[] {
    return parts.map((part) => `${this.bucket}/*partNumber=${part}&*`);
  }

  async #intercept(patterns: string[], interception: Interception): Promise<void> {
    this.#interception = interception;
    this.#answered.clear();
    this.#patterns.push(...patterns);
    await this.session.send("Fetch.enable", {
      patterns: this.#patterns.map((urlPattern) => ({
        urlPattern,
        requestStage: interception === "lose" ? ("Response" as const) : ("Request" as const),
      })),
    });
  }

  async #decide(requestId: string, method: string, url: string): Promise<void> {
    const interception = this.#interception;
    // Also holds CORS preflights, and so the parts after them.
    if (interception === "hold") {
      this.#held.add(requestId);
      return;
    }
    const part = new URL(url).searchParams.get("partNumber") ?? "";
    const isFirst = method === "PUT" && !this.#answered.has(part);
    if (isFirst) this.#answered.add(part);
    const done = !isFirst
      ? this.session.send("Fetch.continueRequest", { requestId })
      : interception === "lose"
        ? this.session.send("Fetch.failRequest", { requestId, errorReason: "ConnectionReset" })
        : this.session.send("Fetch.fulfillRequest", { requestId, ...answerOf(interception) });
    // The page may have been closed meanwhile.
    await done.catch(() => {});
  }
}

function answerOf({ status, code, message }: S3Error) {
  const document = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return {
    responseCode: status,
    responseHeaders: [
      { name: "Access-Control-Allow-Origin", value: "*" },
      { name: "Content-Type", value: "application/xml" },
    ],
    body: btoa(document),
  };
}
