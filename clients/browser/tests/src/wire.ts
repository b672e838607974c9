import type { CDPSession, Page } from "playwright-core";

/** A PUT that left for the bucket. */
export interface Put {
  url: string;
  /** Its `Content-Length`. */
  bytes: number;
}

/** An error as S3 answers it. */
export interface S3Error {
  status: number;
  code: string;
  message: string;
}

/**
 * What goes over the wire between a page and the bucket, by the devtools protocol. Requests count with the length that
 * their headers, as they were really sent, announce: those that break off count whole. What is held back counts once it goes.
 */
export class Wire {
  readonly puts: Put[] = [];
  /** Requests to anywhere, by their method and path. */
  readonly calls: string[] = [];
  /** What is known of a request: that it left, and that it is a PUT to the bucket, come in any order. */
  readonly #known = new Map<string, Partial<Put>>();
  /** Which requests are intercepted. */
  readonly #patterns: string[] = [];
  /** What the first PUT of each intercepted part is answered; undefined: nothing is, for now. */
  #answer: S3Error | undefined;
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

  /** Bytes of all PUTs to the bucket. */
  get sentBytes(): number {
    return this.puts.reduce((sum, put) => sum + put.bytes, 0);
  }

  /** Forgets what was counted. */
  reset(): void {
    this.puts.length = 0;
    this.calls.length = 0;
  }

  /** Holds these parts of uploads back until `release`. */
  async hold(...parts: number[]): Promise<void> {
    await this.#intercept(this.#patternsOf(parts), undefined);
  }

  /** Holds calls of the API whose path ends so back until `release`. */
  async holdCalls(path: string): Promise<void> {
    await this.#intercept([`*${path}`], undefined);
  }

  /** Has the first PUT of each of these parts answered with an error, before it gets to the bucket. */
  async refuseOnce(parts: number[], error: S3Error): Promise<void> {
    await this.#intercept(this.#patternsOf(parts), error);
  }

  /** Lets everything pass, what was held back too. */
  async release(): Promise<void> {
    this.#patterns.length = 0;
    this.#held.clear();
    await this.session.send("Fetch.disable");
  }

  /** Breaks off what is held back, and lets everything pass from then on. */
  async drop(): Promise<void> {
    const failed = [...this.#held].map((requestId) =>
      // The page may have given it up already.
      this.session.send("Fetch.failRequest", { requestId, errorReason: "Aborted" }).catch(() => {}),
    );
    await Promise.all(failed);
    await this.release();
  }

  #note(requestId: string, part: Partial<Put>): void {
    const { url, bytes } = { ...this.#known.get(requestId), ...part };
    this.#known.set(requestId, { ...(url !== undefined && { url }), ...(bytes !== undefined && { bytes }) });
    if (url !== undefined && bytes !== undefined) this.puts.push({ url, bytes });
  }

  #patternsOf(parts: number[]): string[] {
    return parts.map((part) => `${this.bucket}/*partNumber=${part}&*`);
  }

  async #intercept(patterns: string[], answer: S3Error | undefined): Promise<void> {
    this.#answer = answer;
    this.#answered.clear();
    this.#patterns.push(...patterns);
    await this.session.send("Fetch.enable", {
      patterns: this.#patterns.map((urlPattern) => ({ urlPattern })),
    });
  }

  async #decide(requestId: string, method: string, url: string): Promise<void> {
    // The question whether the origin may send is held back too, and the part behind it.
    if (this.#answer === undefined) {
      this.#held.add(requestId);
      return;
    }
    const part = new URL(url).searchParams.get("partNumber") ?? "";
    const isFirst = method === "PUT" && !this.#answered.has(part);
    if (isFirst) this.#answered.add(part);
    const done = isFirst
      ? this.session.send("Fetch.fulfillRequest", { requestId, ...answerOf(this.#answer) })
      : this.session.send("Fetch.continueRequest", { requestId });
    // The page may be gone by now, and the request with it.
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
