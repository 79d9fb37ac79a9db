/** The environment of an app from its row: names are shown, values never. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { committed, controlledApp } from "./repositories.ts";
import { inWorkbench, type Workbench } from "./workbench.ts";

test("add, change and remove a variable of an app, which is then started again", async () => {
  const { folder } = controlledApp();
  writeFileSync(path.join(folder, "server.js"), SERVER);
  committed(folder, "Tell whether there is a token");
  await inWorkbench({ folder, name: "env" }, async (workbench) => {
    await workbench.command("Deploy…");
    await workbench.choose("shop");
    await workbench.choose("HEAD");
    await workbench.choose("This machine");
    await workbench.choose("Deploy right away");
    await workbench.toast("shop is running at").waitFor();
    const address = await workbench.row("app at http").getAttribute("aria-label");
    const says = async (text: string): Promise<boolean> => {
      const answer = await fetch(/http[^ ,]*/.exec(address ?? "")?.[0] ?? "").catch(() => undefined);
      return (await answer?.text()) === text;
    };
    await workbench.until(() => says("without a token"));

    await workbench.menu(workbench.row("App shop, running", "Apps"), "Edit App Environment");
    await add(workbench, "GREETING", "hello");
    await add(workbench, "API_TOKEN", "tok-very-secret");
    await workbench.choice("API_TOKEN").and(workbench.choice("secret")).waitFor();
    await workbench.screenshot("names");
    await workbench.choose("GREETING");
    await workbench.choose("Remove it");
    await workbench.choice("GREETING").waitFor({ state: "detached" });
    await workbench.choice("API_TOKEN").waitFor();
    await workbench.page.keyboard.press("Escape");
    await workbench.press("until it restarts", "Restart");
    await workbench.until(() => says("with a token"));
    await workbench.row("App shop, running", "Apps").waitFor();
  });
});

const SERVER = `require("node:http")
  .createServer((_, response) => response.end(process.env.API_TOKEN ? "with a token" : "without a token"))
  .listen(process.env.PORT, process.env.HOST);
`;

async function add(workbench: Workbench, name: string, value: string): Promise<void> {
  const input = (text: string): Promise<void> => workbench.page.locator(".quick-input-widget", { hasText: text }).waitFor();
  await workbench.choose("Add a variable");
  await input("Its name");
  await workbench.type(name);
  await input("Its value");
  await workbench.type(value);
  await workbench.choice(name).waitFor();
}
