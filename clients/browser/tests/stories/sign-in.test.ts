import { expect } from "vitest";
import { freshName, PASSWORD } from "../src/account.js";
import { story } from "../src/story.js";

story("the page says what is wrong with a name or a password", async ({ visit, account }) => {
  const visitor = await visit();
  const { page } = visitor;
  const name = page.getByLabel("User name");
  const password = page.getByLabel("Password");
  const alert = page.getByRole("alert");
  /** Clicks a button and waits for these words. Until the answer has come, earlier ones may show. */
  const refuses = async (button: string, words: string | RegExp) => {
    const answer = page.waitForResponse((response) => response.request().method() === "POST");
    await visitor.button(button).click();
    await answer;
    await alert.getByText(words).waitFor();
  };
  await name.fill(account.username);
  await password.fill("not the password");
  await refuses("Sign in", "User name or password is wrong.");
  await name.fill(freshName());
  await refuses("Sign in", "User name or password is wrong.");
  await visitor.picture("wrong-password");

  await visitor.button("No account yet? Create one").click();
  await name.fill(account.username);
  await password.fill(PASSWORD);
  await refuses("Create account", "This user name is taken.");
  expect(await name.getAttribute("aria-invalid")).toBe("true");
  await name.fill("-no name-");
  await visitor.button("Create account").click();
  await alert.getByText("A user name has 3 to 64 letters").waitFor();
  expect(await password.getAttribute("aria-invalid")).toBe("false");

  visitor.wire.reset();
  await name.fill(freshName());
  await password.fill("");
  await password.pressSequentially("too short");
  await visitor.button("Create account").click();
  const tooShort = () => password.evaluate((input) => (input as HTMLInputElement).validity.tooShort);
  expect(await tooShort()).toBe(true);
  expect(visitor.wire.calls).toEqual([]);
  await password.fill(PASSWORD);
  await visitor.button("Create account").click();
  await visitor.uploads.waitFor();
});
