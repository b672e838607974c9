import { expect, expectTypeOf, it } from "vitest";
import type { components } from "../src/api/schema.js";
import { type FromWire, fromWire, toWire } from "../src/api/wire.js";
import type { Account, AccountCreated, Version } from "../src/index.js";

type Schemas = components["schemas"];

it("names are camelCase at every depth, and keys of metadata and headers stay", () => {
  const wire = {
    next_cursor: "n_1",
    part_sha256: null,
    files: [{ file_id: "f", metadata: { my_key: "a_b", myKey: "c" }, sizes: [[1, 2]] }],
    headers: { "x-amz-meta_a": "1" },
  };
  const answer = {
    nextCursor: "n_1",
    partSha256: null,
    files: [{ fileId: "f", metadata: { my_key: "a_b", myKey: "c" }, sizes: [[1, 2]] }],
    headers: { "x-amz-meta_a": "1" },
  };
  expect(fromWire(wire)).toEqual(answer);
  expect(toWire(answer)).toEqual(wire);
  expect(fromWire(undefined)).toBeUndefined();
});

it("the public types are those of the API in camelCase", () => {
  expectTypeOf<Version>().toEqualTypeOf<FromWire<Schemas["VersionView"]>>();
  expectTypeOf<Account>().toEqualTypeOf<FromWire<Schemas["AccountView"]>>();
  expectTypeOf<AccountCreated>().toEqualTypeOf<FromWire<Schemas["AccountCreated"]>>();
});
