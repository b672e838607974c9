import { afterEach, describe, expect, it } from "vitest";
import { createUpload, lookUp } from "../src/api/uploads.js";
import { internalsOf } from "../src/connection.js";
import {
  account,
  type Connection,
  connect,
  deleteFile,
  editFile,
  listFiles,
  logIn,
  logOut,
  restoreVersion,
  type SluiceError,
} from "../src/index.js";
import { type Answer, json, TestServer } from "./support/server.js";

const WIRE_ACCOUNT = { account_id: "a1", username: "ann", quota_bytes: 1, used_bytes: 0, reserved_bytes: 0 };
const ACCOUNT = { accountId: "a1", username: "ann", quotaBytes: 1, usedBytes: 0, reservedBytes: 0 };
const UNAUTHENTICATED = {
  code: "unauthenticated",
  title: "No valid session",
  detail: "log in",
  request_id: "r",
};
let server: TestServer | undefined;

async function start(answer: Answer): Promise<{ server: TestServer; api: string }> {
  server = new TestServer(answer);
  return { server, api: await server.start() };
}

afterEach(() => server?.stop());

describe("a call", () => {
  it("is repeated after a transient failure with the same key and the same condition", async () => {
    const { server, api } = await start((_, response) => {
      if (server.seen.length < 3) json(response, 503, { code: "unavailable" }, { "retry-after": "0" });
      else json(response, 200, { outcome: "instant", version: {} });
    });
    const request = { path: "a", size: 1 };
    await createUpload(internalsOf(connect({ api, token: "t0ken" })), request, "key", "v1");
    expect(server.seen.map(({ headers }) => headers["idempotency-key"])).toEqual(["key", "key", "key"]);
    expect(server.seen.map(({ headers }) => headers["if-match"])).toEqual(['"v1"', '"v1"', '"v1"']);
    expect(server.seen[2]).toMatchObject({
      headers: { authorization: "Bearer t0ken" },
      body: JSON.stringify(request),
    });
  });

  it("fails with the code, status and request id of the problem", async () => {
    const { server, api } = await start((_, response) => {
      json(response, 409, {
        code: "path_in_use",
        title: "Taken",
        detail: "by b",
        request_id: "r1",
        status: 409,
      });
    });
    const failed = editFile(
      connect({ api, token: "t" }),
      "f1",
      { path: "b", contentType: "a/b" },
      { ifMatch: "v1" },
    );
    await expect(failed).rejects.toMatchObject({
      name: "SluiceError",
      code: "path_in_use",
      status: 409,
      requestId: "r1",
      message: "Taken: by b",
    } satisfies Partial<SluiceError>);
    expect(server.seen).toHaveLength(1);
    expect(JSON.parse(server.seen[0]?.body ?? "")).toEqual({ path: "b", content_type: "a/b" });
  });

  it("answered by a gateway fails with the code of the status", async () => {
    const { api } = await start((_, response) => {
      response.writeHead(404).end("<html>");
    });
    await expect(account(connect({ api, token: "t" }))).rejects.toMatchObject({
      code: "not_found",
      status: 404,
    });
  });

  it("that is read has no key", async () => {
    const { server, api } = await start((_, response) => json(response, 200, WIRE_ACCOUNT));
    await account(connect({ api, token: "t" }));
    expect(server.seen[0]?.headers["idempotency-key"]).toBeUndefined();
  });

  it("encodes its query", async () => {
    const { server, api } = await start((_, response) => {
      json(response, 200, { files: [], common_prefixes: ["a/"], next_cursor: "c2" });
    });
    const page = await listFiles(connect({ api, token: "t" }), { prefix: "a b+c/é&" }, { limit: 5 });
    expect(server.seen[0]?.url).toBe("/files?prefix=a+b%2Bc%2F%C3%A9%26&limit=5");
    expect(page).toEqual({ items: [], prefixes: ["a/"], nextCursor: "c2" });
  });
});

describe("a write whose first answer is lost", () => {
  const lookup = { path: "a", size: 1, sha256: "0".repeat(64) };
  const writes: Record<string, (connection: Connection) => Promise<unknown>> = {
    edit: (connection) => editFile(connection, "f", { path: "b" }, { ifMatch: "v1" }),
    delete: (connection) => deleteFile(connection, "f", { ifMatch: "v1" }),
    restore: (connection) => restoreVersion(connection, "f", "v1"),
    lookup: (connection) =>
      lookUp(internalsOf(connection), lookup, "look", "v1", new AbortController().signal),
    upload: (connection) => createUpload(internalsOf(connection), { path: "a", size: 1 }, "key", "v1"),
  };

  it.each(Object.keys(writes))("is repeated with its own key: %s", async (name) => {
    /** Answers as the API does: a repeat with the key of a write gets the answer of that write. */
    const done = new Set<unknown>();
    const { server, api } = await start(({ headers }, response) => {
      const key = headers["idempotency-key"];
      if (done.size > 0 && !done.has(key)) return json(response, 412, { code: "precondition_failed" });
      done.add(key);
      if (server.seen.length === 1) response.destroy();
      else json(response, 200, { outcome: "instant", version: {} });
    });
    const connection = connect({ api, token: "t" });
    await writes[name]?.(connection);
    const [first, second] = server.seen.map(({ headers }) => headers["idempotency-key"]);
    expect(first).toMatch(/^.+$/);
    expect(second).toBe(first);
  });

  it("can be repeated by another call with its key", async () => {
    const { server, api } = await start((_, response) => json(response, 200, {}));
    const connection = connect({ api, token: "t" });
    await deleteFile(connection, "f", { idempotencyKey: "k" });
    await editFile(connection, "f", {}, { idempotencyKey: "k" });
    await restoreVersion(connection, "f", "v", { idempotencyKey: "k" });
    expect(server.seen.map(({ headers }) => headers["idempotency-key"])).toEqual(["k", "k", "k"]);
  });

  it("has another key in another call", async () => {
    const { server, api } = await start((_, response) => json(response, 200, {}));
    const connection = connect({ api, token: "t" });
    await deleteFile(connection, "f");
    await deleteFile(connection, "f");
    const [first, second] = server.seen.map(({ headers }) => headers["idempotency-key"]);
    expect(first).toBeDefined();
    expect(second).not.toBe(first);
  });
});

describe("a session that has ended", () => {
  it("is renewed once for all calls, which are then repeated", async () => {
    let token = "old";
    let renewals = 0;
    const { server, api } = await start(({ headers }, response) => {
      if (headers.authorization === "Bearer new") json(response, 200, WIRE_ACCOUNT);
      else json(response, 401, UNAUTHENTICATED);
    });
    const onUnauthenticated = async () => {
      renewals += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
      token = "new";
    };
    const connection = connect({ api, token: () => token, onUnauthenticated });
    const accounts = await Promise.all(Array.from({ length: 5 }, () => account(connection)));
    expect(accounts).toEqual(Array(5).fill(ACCOUNT));
    expect(renewals).toBe(1);
    expect(server.seen.length).toBeLessThanOrEqual(10);
  });

  it("fails all calls if the renewal fails", async () => {
    const { api } = await start((_, response) => json(response, 401, UNAUTHENTICATED));
    const onUnauthenticated = () => Promise.reject(new Error("the person left"));
    const connection = connect({ api, token: "t", onUnauthenticated });
    const calls = await Promise.allSettled([account(connection), account(connection)]);
    expect(calls.map((each) => each.status === "rejected" && each.reason.message)).toEqual(
      Array(2).fill("the person left"),
    );
  });

  it("is renewed at most three times per call", async () => {
    const { server, api } = await start((_, response) => json(response, 401, UNAUTHENTICATED));
    const connection = connect({ api, token: "t", onUnauthenticated: async () => {} });
    await expect(account(connection)).rejects.toMatchObject({ code: "unauthenticated" });
    expect(server.seen).toHaveLength(4);
  });

  it("is no error when logging out", async () => {
    const { api } = await start((_, response) => json(response, 401, UNAUTHENTICATED));
    const onUnauthenticated = () => Promise.reject(new Error("must not be asked"));
    await logOut(connect({ api, token: "t", onUnauthenticated }));
  });
});

describe("logging in", () => {
  it("asks for a cookie only without a token, and does not send an earlier session", async () => {
    const { server, api } = await start((_, response) =>
      json(response, 201, { expires_at: "2026-12-18T09:46:40Z" }),
    );
    await logIn(connect({ api }), "ann", "correct horse battery");
    await logIn(connect({ api, token: "old" }), "ann", "correct horse battery");
    const bodies = server.seen.map(({ body }) => JSON.parse(body));
    const credentials = { username: "ann", password: "correct horse battery" };
    expect(bodies).toEqual([{ ...credentials, cookie: true }, credentials]);
    expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
  });

  it("needs the address of the API outside a page", () => {
    expect(() => connect()).toThrow("`api` is needed");
  });
});
