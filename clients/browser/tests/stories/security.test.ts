import { expect } from "vitest";
import { story } from "../src/story.js";

story("the page is served with a strict policy", async ({ stack }) => {
  const response = await fetch(`${stack.api}/`);
  const policy = response.headers.get("content-security-policy") ?? "";
  const rules = Object.fromEntries(policy.split("; ").map((rule) => rule.split(/ (.*)/s)));
  expect(rules).toMatchObject({
    "default-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "worker-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
  });
  expect(rules["connect-src"]?.split(" ")).toContain(stack.bucket);
  expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|\*/);
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(response.headers.get("referrer-policy")).toBe("no-referrer");
});

story("the policy is enforced, and the tests notice violations", async ({ visit }) => {
  const { page } = await visit({ expecting: /content ?security ?policy/i });
  const ran = await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.head.append(script);
    return "ran" in window;
  });
  expect(ran).toBe(false);
});

story("a page of another origin gets an error", async ({ visit, stack, account }) => {
  const { page } = await visit({
    address: `${stack.stranger}/?api=${stack.api}`,
    expecting: /blocked by CORS policy/,
  });
  await page.getByLabel("User name").fill(account.username);
  await page.getByLabel("Password").fill(account.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page
    .getByRole("status")
    .getByText(`SluiceError: ${stack.api} does not answer, or does not allow`)
    .waitFor();
});
