/** What can be deployed: a folder of several that are open, apps in its sub-folders, a git URL. */
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { sampleApp, temporaryFolder, twoApps } from "./repositories.ts";
import { inWorkbench } from "./workbench.ts";

test("a folder of a workspace, two apps in it one after the other, a git URL", async () => {
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
    await workbench.choose("Several of them…");
    for (const app of ["shop", "kiosk"]) {
      await workbench.choice(app).locator(".quick-input-list-checkbox, .monaco-checkbox").first().click();
    }
    await workbench.screenshot("several");
    await workbench.page.locator(".quick-input-widget .monaco-button", { hasText: "OK" }).click();
    await workbench.choose("Deploy right away");
    const shop = addressIn((await workbench.toast("market/shop is running at").textContent()) ?? "no address");
    const kiosk = await workbench.toast("market/kiosk is running at").textContent();
    assert.ok((await answer(kiosk ?? "")).includes(`The kiosk is open</h1>${shop}`));
    await workbench.row("Deployment of market/shop, success, app 1 of 2").waitFor();
    await workbench.row("Deployment of market/kiosk, success, app 2 of 2").waitFor();
    assert.ok(existsSync(path.join(site, "agent_logs")), "the logs of a workspace are in its first folder");

    await workbench.command("Deploy…");
    await workbench.choose("Something else…");
    await workbench.choose("A git URL…");
    await workbench.type(`file://${site}`);
    await workbench.choose("The default branch");
    await workbench.choose("Deploy right away");
    await workbench.row("Deployment of static, success").waitFor();
    await workbench.row("App static, running", "Apps").waitFor();
    await workbench.row("running", "Apps").nth(1).waitFor();
    await workbench.screenshot("both");
  });
});

function addressIn(told: string): string {
  return /http:\/\/[^\s)]+/.exec(told)?.[0] ?? "";
}

async function answer(told: string): Promise<string> {
  return (await fetch(addressIn(told))).text();
}
