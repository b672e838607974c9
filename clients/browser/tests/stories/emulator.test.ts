import { expect } from "vitest";
import { story } from "../src/story.js";

/** A query that names the access key that emulators of AWS are used with. */
function signedFor(service: string): Record<string, string> {
  return {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": `test/20260101/us-east-1/${service}/aws4_request`,
    "X-Amz-Date": "20260101T000000Z",
    "X-Amz-SignedHeaders": "host",
    "X-Amz-Signature": "0",
  };
}

story("a page of another origin cannot run code on the emulator", async ({ visit, stack }) => {
  const { page } = await visit({ address: `${stack.stranger}/?api=${stack.api}` });
  const attack = (path: string, query: Record<string, string>) =>
    `${stack.bucket}${path}?${new URLSearchParams(query)}`;
  const refused = (url: string) =>
    page.waitForResponse((response) => response.url() === url).then((response) => response.status());

  const create = attack("/2015-03-31/functions", signedFor("lambda"));
  const created = refused(create);
  const code = { FunctionName: "theirs", Runtime: "python3.11", Role: "any", Handler: "any", Code: {} };
  await page.evaluate(([url, body]) => fetch(url, { method: "POST", mode: "no-cors", body }), [
    create,
    JSON.stringify(code),
  ] as const);
  expect(await created).toBe(403);

  // A picture's request has no `Origin`.
  const template = { Action: "CreateStack", StackName: "theirs", TemplateBody: "{}" };
  const deploy = attack("/", { ...template, ...signedFor("cloudformation") });
  const deployed = refused(deploy);
  await page.evaluate((url) => {
    new Image().src = url;
  }, deploy);
  expect(await deployed).toBe(403);
});
