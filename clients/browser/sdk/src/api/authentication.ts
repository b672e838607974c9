import type { ConnectOptions } from "../types.js";

/** The session of one connection, and how it is renewed. */
export class Authentication {
  #renewal: Promise<void> | undefined;
  /** How often the session was renewed. A call that began before the last time may just be repeated. */
  renewals = 0;

  constructor(
    private readonly token: ConnectOptions["token"],
    private readonly onUnauthenticated: ConnectOptions["onUnauthenticated"],
  ) {}

  /** What proves the session in a request to the API. */
  async headers(): Promise<Record<string, string>> {
    const token = typeof this.token === "function" ? await this.token() : this.token;
    return token ? { authorization: `Bearer ${token}` } : {};
  }

  /** Whether somebody can renew the session. */
  get isRenewable(): boolean {
    return this.onUnauthenticated !== undefined;
  }

  /** Waits for a renewal that is under way. */
  async settled(): Promise<void> {
    await this.#renewal;
  }

  /** Has the session renewed, once for all who ask meanwhile. */
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
