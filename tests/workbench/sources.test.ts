/** What can be deployed: a folder of several that are open, an app in a sub-folder, a git URL. */
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { sampleApp, temporaryFolder, twoApps } from "./repositories.ts";
import { inWorkbench } from "./workbench.ts";

test("a folder of a workspace, one of two apps in it, a git URL", async () => {
  const parent = temporaryFolder();
  const site = sampleApp("static", parent);
  const folders = [site, twoApps(parent)].map((folder) => ({ path: folder }));
  const workspace = path.join(parent, "all.code-workspace");
  writeFileSync(workspace, JSON.stringify({ folders }));
  await inWorkbench({ folder: site, workspace, name: "sources" }, async (workbench) => {
    await workbench.command("Deploy…");
    await workbench.choice("static").waitFor();
    await workbench.screenshot("folders");
    await workbench.choose("market");
    await workbench.choose("HEAD");
    await workbench.choice("shop").waitFor();
    await workbench.screenshot("sub-folders");
    await workbench.choose("kiosk");
    await workbench.choose("This machine");
    await workbench.choose("Deploy right away");
    await workbench.row("Deployment of market/kiosk, success").waitFor();
    await workbench.toast("market/kiosk is running at").waitFor();
    assert.match(await answer((await workbench.toast("is running at").textContent()) ?? ""), /The kiosk is open/);
    assert.ok(existsSync(path.join(site, "agent_logs")), "the logs of a workspace are in its first folder");

    await workbench.command("Deploy…");
    await workbench.choose("Something else…");
    await workbench.choose("A git URL…");
    await workbench.type(`file://${site}`);
    await workbench.choose("The default branch");
    await workbench.choose("This machine");
    await workbench.choose("Deploy right away");
    await workbench.row("Deployment of static, success").waitFor();
    await workbench.row("App static, running", "Apps").waitFor();
    await workbench.row("running", "Apps").nth(1).waitFor();
    await workbench.screenshot("both");
  });
});

async function answer(told: string): Promise<string> {
  const url = /http:\/\/[^\s)]+/.exec(told)?.[0] ?? "";
  return (await fetch(url)).text();
}
