import { randomUUID } from "node:crypto";
import { account, connect, listFiles, logIn, register, unfinished, type Version } from "@sluice/browser";

export const PASSWORD = "correct horse battery";

/** An account, and what the server says of it: asked from outside the browser, with a session of its own. */
export class Account {
  readonly password = PASSWORD;
  readonly #connection;
  #token = "";

  private constructor(
    api: string,
    readonly username: string,
  ) {
    this.#connection = connect({ api, token: () => this.#token });
  }

  /** Makes an account that nobody else has. */
  static async create(api: string): Promise<Account> {
    const made = new Account(api, freshName());
    await register(made.#connection, made.username, PASSWORD);
    made.#token = (await logIn(made.#connection, made.username, PASSWORD)).token ?? "";
    return made;
  }

  /** The file at a path. */
  async at(path: string): Promise<Version | undefined> {
    return (await listFiles(this.#connection, { path })).items[0];
  }

  /** How many files there are whose paths begin so; a thousand at most. */
  async count(prefix: string): Promise<number> {
    return (await listFiles(this.#connection, { prefix }, { limit: 1000 })).items.length;
  }

  /** Bytes that open uploads hold of the quota. */
  async reservedBytes(): Promise<number> {
    return (await account(this.#connection)).reserved_bytes;
  }

  /** The paths of open uploads. */
  async open(): Promise<string[]> {
    return (await unfinished(this.#connection)).map((upload) => upload.path);
  }
}

/** A user name that nobody has. */
export function freshName(): string {
  return `story-${randomUUID()}`;
}
