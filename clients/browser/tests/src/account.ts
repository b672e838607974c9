import { randomUUID } from "node:crypto";
import { account, connect, listFiles, logIn, register, unfinished, type Version } from "@sluice/browser";

export const PASSWORD = "correct horse battery";

/** An account. Asks the server about it from outside the browser, with its own session. */
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

  /** Creates an account with a unique name. */
  static async create(api: string): Promise<Account> {
    const made = new Account(api, freshName());
    await register(made.#connection, made.username, PASSWORD);
    made.#token = (await logIn(made.#connection, made.username, PASSWORD)).token ?? "";
    return made;
  }

  /** Returns the current version of the file at a path. */
  async at(path: string): Promise<Version | undefined> {
    return (await listFiles(this.#connection, { path })).items[0];
  }

  /** Counts the files with a prefix, at most 1000. */
  async count(prefix: string): Promise<number> {
    return (await listFiles(this.#connection, { prefix }, { limit: 1000 })).items.length;
  }

  /** Bytes of the quota that open uploads reserve. */
  async reservedBytes(): Promise<number> {
    return (await account(this.#connection)).reservedBytes;
  }

  /** Lists the paths of open uploads. */
  async open(): Promise<string[]> {
    return (await unfinished(this.#connection)).map((upload) => upload.path);
  }
}

/** Makes a unique user name. */
export function freshName(): string {
  return `story-${randomUUID()}`;
}
