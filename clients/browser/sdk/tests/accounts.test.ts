import { afterEach, expect, it } from "vitest";
import {
  changePassword,
  connect,
  endOtherSessions,
  endSession,
  listSessions,
  logIn,
  register,
} from "../src/index.js";
import { type Answer, json, TestServer } from "./support/server.js";

let server: TestServer | undefined;

async function start(answer: Answer) {
  server = new TestServer(answer);
  return { server, connection: connect({ api: await server.start(), token: "t" }) };
}

afterEach(() => server?.stop());

it("an account is registered with an invitation, or without", async () => {
  const { server, connection } = await start((_, response) => json(response, 201, { account_id: "a" }));
  await register(connection, "ann", "correct horse battery", { invitation: "i1" });
  await register(connection, "ann", "correct horse battery");
  const credentials = { username: "ann", password: "correct horse battery" };
  expect(server.seen.map(({ body }) => JSON.parse(body))).toEqual([
    { ...credentials, invitation: "i1" },
    credentials,
  ]);
});

it("sessions are listed and ended", async () => {
  const session = { session_id: "s/1", created_at: "2026-11-28T10:00:00Z", current: true };
  const { server, connection } = await start(({ method }, response) => {
    if (method === "GET") json(response, 200, { sessions: [session] });
    else response.writeHead(204).end();
  });
  expect(await listSessions(connection)).toEqual([
    { sessionId: "s/1", createdAt: "2026-11-28T10:00:00Z", current: true },
  ]);
  await endSession(connection, "s/1");
  await endOtherSessions(connection);
  expect(server.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
    "GET /sessions",
    "DELETE /sessions/s%2F1",
    "DELETE /sessions",
  ]);
});

it("a session that has already ended is no error", async () => {
  const { connection } = await start((_, response) => json(response, 404, { code: "not_found" }));
  await endSession(connection, "s");
});

it("a password is changed, and a refusal names the field", async () => {
  const { server, connection } = await start((_, response) => {
    json(response, 400, { code: "invalid_request", title: "Wrong", detail: "weak", field: "new_password" });
  });
  await expect(changePassword(connection, "old", "new")).rejects.toMatchObject({ field: "new_password" });
  expect(server.seen[0]).toMatchObject({ method: "POST", url: "/accounts/me/password" });
  expect(JSON.parse(server.seen[0]?.body ?? "")).toEqual({ password: "old", new_password: "new" });
});

it("a login that has to wait fails at once and says how long", async () => {
  const { server, connection } = await start((_, response) => {
    json(response, 429, { code: "too_many_attempts" }, { "retry-after": "90" });
  });
  await expect(logIn(connection, "ann", "wrong")).rejects.toMatchObject({
    code: "too_many_attempts",
    retryAfterSeconds: 90,
  });
  expect(server.seen).toHaveLength(1);
});
