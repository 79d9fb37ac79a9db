/** The environment of an app: what it needs is asked for when it is deployed, and changed from its row, which never shows values. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { committed, controlledApp } from "./repositories.ts";
import { inWorkbench, type Workbench } from "./workbench.ts";

test("type what an app needs; add and remove a variable of it, and it is started again", async () => {
  const { folder } = controlledApp();
  writeFileSync(path.join(folder, "server.js"), SERVER);
  committed(folder, "Tell whether there is a token");
  await inWorkbench({ folder, name: "env" }, async (workbench) => {
    await workbench.command("Deploy…");
    await workbench.choose("shop");
    await workbench.choose("HEAD");
    await workbench.choose("Deploy right away");
    await give(workbench, "SHOP_NAME", "The Corner");
    const secret = await give(workbench, "API_TOKEN", "tok-very-secret");
    assert.equal(secret, "password");
    await workbench.toast("shop is running at").waitFor();
    const address = await workbench.row("app at http").getAttribute("aria-label");
    const says = async (text: string): Promise<boolean> => {
      const answer = await fetch(/http[^ ,]*/.exec(address ?? "")?.[0] ?? "").catch(() => undefined);
      return (await answer?.text()) === text;
    };
    await workbench.until(() => says("The Corner with a token, undefined"));
    assert.ok(!readLogs(folder).includes("tok-very-secret"));

    await workbench.menu(workbench.row("App shop, running", "Apps"), "Edit App Environment");
    await add(workbench, "GREETING", "hello");
    await workbench.choice("API_TOKEN").and(workbench.choice("secret")).waitFor();
    await workbench.screenshot("names");
    await workbench.choose("API_TOKEN");
    await workbench.choose("Remove it");
    await workbench.choice("API_TOKEN").waitFor({ state: "detached" });
    await add(workbench, "API_TOKEN", "another-secret");
    await workbench.page.keyboard.press("Escape");
    await workbench.press("until it restarts", "Restart");
    await workbench.until(() => says("The Corner with a token, hello"));
    await workbench.row("App shop, running", "Apps").waitFor();
  });
});

const SERVER = `const { SHOP_NAME, API_TOKEN, GREETING } = process.env;
if (!SHOP_NAME) throw new Error("SHOP_NAME is not set");
if (!API_TOKEN) throw new Error("API_TOKEN is not set");
require("node:http")
  .createServer((_, response) => response.end(SHOP_NAME + " with a token, " + GREETING))
  .listen(process.env.PORT, process.env.HOST);
`;

/** Answer the question for a value from its notification; what kind of input it is typed into. */
async function give(workbench: Workbench, name: string, value: string): Promise<string | null> {
  const asked = `Value of ${name}`;
  await workbench.press(asked, "Answer…");
  await workbench.page.locator(".quick-input-widget", { hasText: asked }).waitFor();
  const kind = await workbench.page.locator(".quick-input-widget input.input").getAttribute("type");
  await workbench.type(value);
  return kind;
}

function readLogs(folder: string): string {
  const logs = path.join(folder, "agent_logs");
  const files = readdirSync(logs, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map((file) => readFileSync(path.join(file.parentPath, file.name), "utf-8")).join("\n");
}

async function add(workbench: Workbench, name: string, value: string): Promise<void> {
  const input = (text: string): Promise<void> => workbench.page.locator(".quick-input-widget", { hasText: text }).waitFor();
  await workbench.choose("Add a variable");
  await input("Its name");
  await workbench.type(name);
  await input("Its value");
  await workbench.type(value);
  await workbench.choice(name).waitFor();
}
