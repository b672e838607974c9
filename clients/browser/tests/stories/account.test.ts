import type { Page } from "playwright-core";
import { expect } from "vitest";
import { assertAccessible, assertFitsAcross } from "../src/accessibility.js";
import { freshName, PASSWORD } from "../src/account.js";
import { story } from "../src/story.js";

const NEW_PASSWORD = "staple battery horse";

/** The error that shows under an input. */
async function errorUnder(page: Page, label: string): Promise<string> {
  const input = page.getByLabel(label, { exact: true });
  await expect.poll(() => input.getAttribute("aria-invalid")).toBe("true");
  const ids = (await input.getAttribute("aria-describedby"))?.split(" ") ?? [];
  return (await page.locator(`[id="${ids.at(-1)}"]`).textContent()) ?? "";
}

story("a new password ends all other sessions", async ({ visit, account }) => {
  const visitor = await visit({ as: account });
  const elsewhere = await visit({ as: account });
  const { page } = visitor;
  await page.getByRole("button", { name: /^Account/ }).click();
  const dialog = page.getByRole("dialog", { name: "Account" });
  const sessions = dialog.getByRole("listitem");
  // One more is the test's own.
  await expect.poll(() => sessions.count()).toBe(3);
  await sessions.filter({ hasText: "this session" }).getByText("Chrome, Linux").waitFor();
  await visitor.picture("account");

  const change = async (present: string, chosen: string) => {
    await dialog.getByLabel("Present password").fill(present);
    await dialog.getByLabel("New password").fill(chosen);
    await dialog.getByRole("button", { name: "Change the password" }).click();
  };
  await change("not my password", NEW_PASSWORD);
  expect(await errorUnder(page, "Present password")).toBe("That is not your present password.");
  await change(account.password, "aaaaaaaaaaaa");
  expect(await errorUnder(page, "New password")).toMatch(/^Choose another password/);
  await visitor.picture("account-weak-password");
  await change(account.password, NEW_PASSWORD);
  await page.getByText("The password is changed. All other sessions have ended.").waitFor();
  await expect.poll(() => sessions.count()).toBe(1);

  await elsewhere.button("Reload the list").click();
  await elsewhere.page.getByRole("dialog", { name: "Your session has ended" }).waitFor();
});

story("a session is ended from another one", async ({ visit, account }) => {
  const visitor = await visit({ as: account, viewport: { width: 360, height: 740 } });
  const elsewhere = await visit({ as: account });
  const { page } = visitor;
  await page.getByRole("button", { name: /^Account/ }).click();
  const dialog = page.getByRole("dialog", { name: "Account" });
  await dialog.getByRole("button", { name: /^End the session of Chrome, Linux/ }).click();
  await page.getByText("The session has ended.", { exact: true }).waitFor();
  await elsewhere.button("Reload the list").click();
  await elsewhere.page.getByRole("dialog", { name: "Your session has ended" }).waitFor();
  await dialog.getByRole("button", { name: "End all others" }).click();
  await expect.poll(() => dialog.getByRole("listitem").count()).toBe(1);
  await visitor.picture("account-360");
  await assertAccessible(page, "account, on a phone");
  await assertFitsAcross(page, "account, on a phone");
});

story("a Chinese form says in Chinese what the server refuses", async ({ visit }) => {
  const { page } = await visit({ locale: "zh-CN" });
  await page.getByRole("button", { name: "还没有账户？创建一个" }).click();
  await page.getByLabel("用户名").fill(freshName());
  await page.getByLabel("密码").fill("aaaaaaaaaaaa");
  await page.getByRole("button", { name: "创建账户" }).click();
  expect(await errorUnder(page, "密码")).toMatch(/^请换一个密码/);
  expect(await page.getByLabel("用户名").getAttribute("aria-invalid")).toBe("false");
});

/** Answers a call as a deployment with other settings does, until the body satisfies the test. */
async function refuse(
  page: Page,
  path: string,
  refused: { status: number; code: string; headers?: Record<string, string> },
  isRefused: (body: Record<string, unknown>) => boolean = () => true,
): Promise<void> {
  await page.route(`**${path}`, (route) => {
    const { invitation, ...body } = route.request().postDataJSON();
    if (!isRefused({ invitation, ...body })) return route.continue({ postData: JSON.stringify(body) });
    const { status, code, headers } = refused;
    const problem = { status, code, title: "Refused", detail: "by the test" };
    return route.fulfill({
      status,
      headers: { ...headers, "content-type": "application/problem+json" },
      body: JSON.stringify(problem),
    });
  });
}

const INVITED = { status: 403, code: "invitation_invalid" };

story("an invitation is asked for where it is needed", async ({ visit }) => {
  const visitor = await visit();
  const { page } = visitor;
  await refuse(page, "/accounts", INVITED, ({ invitation }) => invitation !== "let-me-in");
  await visitor.button("No account yet? Create one").click();
  await page.getByLabel("User name").fill(freshName());
  await page.getByLabel("Password").fill(PASSWORD);
  await visitor.button("Create account").click();
  expect(await errorUnder(page, "Invitation")).toMatch(/^You need a valid invitation/);
  await visitor.picture("invitation");
  await page.getByLabel("Invitation").fill("let-me-in");
  await visitor.button("Create account").click();
  await visitor.uploads.waitFor();
});

story("a link with an invitation leads to the sign-up and keeps it secret", async ({ visit, stack }) => {
  const visitor = await visit({ address: `${stack.api}/#invitation=let-me-in` });
  const { page } = visitor;
  await refuse(page, "/accounts", INVITED, ({ invitation }) => invitation !== "let-me-in");
  expect(await page.getByLabel("Invitation").inputValue()).toBe("let-me-in");
  expect(page.url()).toBe(`${stack.api}/`);
  await page.getByLabel("User name").fill(freshName());
  await page.getByLabel("Password").fill(PASSWORD);
  await visitor.button("Create account").click();
  await visitor.uploads.waitFor();
});

story("a link with an invitation is taken in a tab that shows the page already", async ({ visit, stack }) => {
  const { page } = await visit();
  await page.goto(`${stack.api}/#invitation=let-me-in`);
  await page.getByRole("heading", { name: "Create an account" }).waitFor();
  expect(page.url()).toBe(`${stack.api}/`);
});

story("where registration is closed the page says whom to ask", async ({ visit }) => {
  const visitor = await visit();
  const { page } = visitor;
  await refuse(page, "/accounts", { status: 403, code: "registration_closed" });
  await visitor.button("No account yet? Create one").click();
  await page.getByLabel("User name").fill(freshName());
  await page.getByLabel("Password").fill(PASSWORD);
  await visitor.button("Create account").click();
  await page.getByText("Registration is closed here. Ask the operator").waitFor();
  expect(await visitor.button("Create account").count()).toBe(0);
  await visitor.picture("registration-closed");
});

story("a log-in that has to wait counts down", async ({ visit, account }) => {
  const visitor = await visit();
  const { page } = visitor;
  await refuse(page, "/sessions", {
    status: 429,
    code: "too_many_attempts",
    headers: { "retry-after": "4" },
  });
  await page.getByLabel("User name").fill(account.username);
  await page.getByLabel("Password").fill("wrong again and again");
  await visitor.button("Sign in").click();
  await page.getByText("Too many wrong passwords.").waitFor();
  const waiting = page.getByRole("button", { name: /^Try again in \d seconds?$/ });
  expect(await waiting.isDisabled()).toBe(true);
  await visitor.picture("too-many-attempts");
  await page.unroute("**/sessions");
  await visitor.button("Sign in").waitFor();
  await visitor.signIn(account);
});
