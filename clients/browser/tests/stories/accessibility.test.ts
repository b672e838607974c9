import { assertAccessible, assertFitsAcross } from "../src/accessibility.js";
import { MIB } from "../src/files.js";
import { story, type Visit } from "../src/story.js";

const PHONE = { viewport: { width: 360, height: 740 } };
const LOOKS: [name: string, visit: Visit][] = [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["on a phone", PHONE],
];

for (const [look, options] of LOOKS) {
  story(`the page is accessible, ${look}`, async ({ visit, account, files }) => {
    const small = await files.random("quarterly report with a rather long name.pdf", 20_000);
    const large = await files.random("large.bin", 24 * MIB);
    const visitor = await visit(options);
    const { page } = visitor;
    const look_ = look.replaceAll(" ", "-");
    const check = async (state: string) => {
      await visitor.picture(`${look_}-${state}`);
      await assertAccessible(page, `${look}, ${state}`);
      await assertFitsAcross(page, `${look}, ${state}`);
    };
    await visitor.button("Sign in").waitFor();
    await check("sign-in");
    await visitor.signIn(account);
    await page.getByRole("heading", { name: "Nothing here yet" }).waitFor();
    await check("empty");
    await visitor.wire.hold(2);
    await visitor.choose([small, large]);
    await visitor.until(small.name, "Available");
    await visitor.until(large.name, "Uploading 1 of 2 parts");
    await check("uploading");
    for (const [button, dialog] of [
      [`Versions of ${small.name}`, "Versions"],
      [`Rename ${small.name}`, "Rename or move"],
      [/^Storage/, "Storage"],
      [/^Account/, "Account"],
      ["Cancel all", "Cancel all uploads?"],
    ] as const) {
      await page.getByRole("button", { name: button, exact: true }).click();
      await page.getByRole("dialog", { name: dialog }).waitFor();
      await page.getByText("Loading…").waitFor({ state: "hidden" });
      await check(dialog.split(" ")[0]?.toLowerCase() ?? "");
      await page.keyboard.press("Escape");
    }
    await page.reload();
    await visitor.unfinished.getByText("large.bin").first().waitFor();
    await check("unfinished");
  });
}

story("the page is accessible, in Chinese on a phone", async ({ visit, account, files }) => {
  const file = await files.random("季度报告.pdf", 20_000);
  const visitor = await visit({ ...PHONE, locale: "zh-CN" });
  const { page } = visitor;
  const check = async (state: string) => {
    await visitor.picture(`chinese-${state}`);
    await assertAccessible(page, `Chinese, ${state}`);
    await assertFitsAcross(page, `Chinese, ${state}`);
  };
  await page.getByLabel("用户名").fill(account.username);
  await page.getByLabel("密码").fill(account.password);
  await check("sign-in");
  await visitor.button("登录").click();
  await visitor.choose([file], "选择文件");
  await visitor.button("下载 季度报告.pdf").waitFor();
  await check("list");
  await visitor.button("季度报告.pdf 的版本").click();
  await page.getByRole("dialog", { name: "版本" }).getByRole("listitem").first().waitFor();
  await check("versions");
});
