import type { ConnectOptions } from "../types.js";

/** Holds a connection's session and has it renewed. */
export class Authentication {
  #renewal: Promise<void> | undefined;
  /** Counts renewals. A call that started before the last one only needs to be repeated. */
  renewals = 0;

  constructor(
    private readonly token: ConnectOptions["token"],
    private readonly onUnauthenticated: ConnectOptions["onUnauthenticated"],
  ) {}

  /** Returns the headers that prove the session to the API; none for a cookie. */
  async headers(): Promise<Record<string, string>> {
    const token = typeof this.token === "function" ? await this.token() : this.token;
    return token ? { authorization: `Bearer ${token}` } : {};
  }

  /** Whether the caller gave a way to renew the session. */
  get isRenewable(): boolean {
    return this.onUnauthenticated !== undefined;
  }

  /** Waits for a renewal in progress, if there is one. */
  async untilRenewed(): Promise<void> {
    await this.#renewal;
  }

  /** Renews the session. Concurrent callers share one renewal. */
  renew(): Promise<void> {
    this.#renewal ??= Promise.resolve(this.onUnauthenticated?.())
      .then(() => {
        this.renewals += 1;
      })
      .finally(() => {
        this.#renewal = undefined;
      });
    return this.#renewal;
  }
}
