import { readFileSync } from "node:fs";
import openapi, { astToString } from "openapi-typescript";
import { expect, it } from "vitest";

it("the types are those of the API's description", async () => {
  const document = new URL("../../../../docs/openapi.json", import.meta.url);
  const checkedIn = readFileSync(new URL("../src/api/schema.ts", import.meta.url), "utf8");
  const header = checkedIn.slice(0, checkedIn.indexOf("export interface paths"));
  // `npm run types` writes them anew.
  expect(header + astToString(await openapi(document))).toBe(checkedIn);
});
