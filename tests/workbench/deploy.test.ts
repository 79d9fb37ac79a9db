/** From the palette to an address that answers, and back to the log. */
import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { sampleApp } from "./repositories.ts";
import { inWorkbench, type Workbench } from "./workbench.ts";

test("palette, picks, plan, tree, output, notification, address, log", async () => {
  const folder = sampleApp("static");
  await inWorkbench({ folder, name: "deploy" }, async (workbench) => {
    await workbench.pane("Deployments").getByText("Nothing was deployed").waitFor();
    await workbench.pane("Apps").getByText("No app was deployed").waitFor();
    await workbench.screenshot("welcome");
    writeFileSync(path.join(folder, "draft.html"), "<p>not committed</p>");
    await workbench.command("Deploy…");
    await workbench.choose("static");
    await workbench.choice("HEAD (1 uncommitted file left out)").waitFor();
    await workbench.screenshot("snapshot");
    await workbench.choose("HEAD (1 uncommitted file left out)");
    await workbench.choose("Show me the plan first");
    await workbench.toast("Run this plan?").waitFor();
    await workbench.row("step 1 of", "Deployments").waitFor();
    await workbench.row("not started yet").first().waitFor();
    await workbench.screenshot("plan");
    await workbench.press("Run this plan?", "Run it");

    await workbench.toast("static is running at").waitFor();
    await workbench.row("Deployment of static, success").waitFor();
    await workbench.row("App static, running", "Apps").waitFor();
    await workbench.screenshot("success");
    const told = await workbench.toast("static is running at").textContent();
    const url = /http:\/\/[^\s)]+/.exec(told ?? "")?.[0] ?? "";
    const answer = await fetch(url);
    assert.equal(answer.status, 200);

    await workbench.act(workbench.row("Deployment of static, success"), "Open Log");
    await workbench.editor("deployment_id").waitFor();
    await workbench.screenshot("log");
    await outputChannel(workbench);
    await apps(workbench, url);
    assert.equal(readdirSync(path.join(folder, "agent_logs")).filter((name) => name.endsWith(".json")).length, 2);
  });
});

/** The second time the last choice is first, and one Enter deploys. */
async function outputChannel(workbench: Workbench): Promise<void> {
  await workbench.command("Deploy…");
  await workbench.choice("static · HEAD · this machine").waitFor();
  await workbench.page.keyboard.press("Enter");
  await workbench.row("Deployment of static, success").nth(1).waitFor();
  await workbench.run("Output: Show Output Channels...");
  await workbench.choose("Auto-Deployer Deployments");
  await workbench.output("=== success: http://").waitFor();
  await workbench.screenshot("output");
}

async function apps(workbench: Workbench, url: string): Promise<void> {
  await workbench.act(workbench.row("App static, running", "Apps"), "Stop App");
  await workbench.row("App static, stopped", "Apps").waitFor();
  await assert.rejects(fetch(url));
  await workbench.act(workbench.row("App static, stopped", "Apps"), "Start App");
  await workbench.row("App static, running", "Apps").waitFor();
  const before = workbench.appProcesses("static_server");
  await workbench.menu(workbench.row("App static, running", "Apps"), "Restart App");
  await workbench.until(() => workbench.appProcesses("static_server").some((pid) => !before.includes(pid)));
  await workbench.act(workbench.row("App static, running", "Apps"), "Open App Log");
  await workbench.editor("GET / ").waitFor();
  await workbench.screenshot("app-log");
  await workbench.command("Roll Back App…");
  await workbench.choice("20").first().waitFor();
  await workbench.page.keyboard.press("Enter");
  await workbench.row("App static, running", "Apps").waitFor();
  assert.equal((await fetch(url)).status, 200);
  await workbench.screenshot("rolled-back");
}
