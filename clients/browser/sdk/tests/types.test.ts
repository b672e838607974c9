import { readFileSync } from "node:fs";
import openapi, { astToString } from "openapi-typescript";
import { expect, it } from "vitest";

it("the wire types are those of docs/openapi.json", async () => {
  const document = new URL("../../../../docs/openapi.json", import.meta.url);
  const checkedIn = readFileSync(new URL("../src/api/schema.ts", import.meta.url), "utf8");
  const header = checkedIn.slice(0, checkedIn.indexOf("export interface paths"));
  // `npm run types` updates them.
  expect(header + astToString(await openapi(document))).toBe(checkedIn);
});
