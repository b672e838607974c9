import { afterEach, expect, it } from "vitest";
import { abandon, connect } from "../src/index.js";
import { json, TestServer } from "./support/server.js";

let server: TestServer | undefined;

async function abandonAt(status: number, code: string): Promise<void> {
  server = new TestServer((_, response) => json(response, status, { code }));
  await abandon(connect({ api: await server.start(), token: "t" }), "u1");
}

afterEach(() => server?.stop());

it("an upload that has ended or is being verified is given up without an error", async () => {
  await abandonAt(404, "not_found");
  expect(server?.seen).toMatchObject([{ method: "DELETE", url: "/uploads/u1" }]);
  await server?.stop();
  await abandonAt(409, "upload_ended");
});

it("any other refusal is an error", async () => {
  await expect(abandonAt(403, "account_suspended")).rejects.toMatchObject({ code: "account_suspended" });
});
