/** What goes wrong and what is done about it: a failed step, a retry from it, a skip of nothing, a cancel. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { type Controlled, controlledApp } from "./repositories.ts";
import { inWorkbench, type Workbench } from "./workbench.ts";

test("fail, read the output, retry from the step, deploy again, follow the log, cancel", async () => {
  const app = controlledApp();
  await inWorkbench({ folder: app.folder, name: "control" }, async (workbench) => {
    app.set("fail");
    await firstDeployment(workbench);
    await workbench.toast("Step 3").waitFor();
    await workbench.row("question: Step 3").waitFor();
    await workbench.screenshot("question");
    await failedOutput(workbench);
    await workbench.dismiss("Step 3");
    await workbench.act(workbench.row("question: Step 3"), "Answer");
    await workbench.choose("Abort");
    await workbench.row("Deployment of shop, aborted, at step Build").waitFor();
    await workbench.screenshot("failed");

    app.set("pass");
    await workbench.act(workbench.row("Build, failed"), "Retry");
    await workbench.toast("shop is running at").waitFor();
    await workbench.row("Deployment of shop, success").waitFor();
    await workbench.row("taken over").first().waitFor();
    await workbench.screenshot("retried");
    assert.equal(logs(app.folder).length, 2);
    assert.equal(logs(app.folder)[1]?.steps.find(({ step_name }) => step_name === "Build")?.status, "success");

    app.set("wait");
    await workbench.command("Deploy Again");
    await workbench.row("running for").last().waitFor();
    await followLog(workbench, app);
    app.set("wait");
    await workbench.command("Deploy Again");
    await workbench.row("running for").last().waitFor();
    await workbench.act(workbench.row("Deployment of shop, running"), "Cancel");
    await workbench.row("Deployment of shop, cancelled").waitFor();
    await workbench.screenshot("cancelled");
    assert.deepEqual(
      logs(app.folder).map(({ status }) => status),
      ["aborted", "success", "success", "cancelled"],
    );
  });
});

async function firstDeployment(workbench: Workbench): Promise<void> {
  await workbench.command("Deploy…");
  await workbench.choose("shop");
  await workbench.choose("HEAD");
  await workbench.choose("Deploy right away");
}

async function failedOutput(workbench: Workbench): Promise<void> {
  await workbench.row("exit 3").click();
  await workbench.editor("the shelf is missing").waitFor();
  const text = (await workbench.editor("the shelf is missing").textContent()) ?? "";
  assert.match(text.replaceAll("\u00a0", " "), /building the shop \(fail\)/);
  assert.doesNotMatch(text, /\[36m/);
  await workbench.screenshot("output");
  await workbench.menu(workbench.row("exit 3"), "Copy Command");
  await workbench.page.waitForFunction(async () => (await navigator.clipboard.readText()) === "npm run build");
}

/** The file is exchanged with every event: the editor shows the new one, keeps the cursor, and can lose nothing. */
async function followLog(workbench: Workbench, app: Controlled): Promise<void> {
  await workbench.act(workbench.row("Deployment of shop, running"), "Open Log");
  await workbench.editor('"deployment_id"').waitFor();
  await workbench.goTo(7);
  const tab = workbench.page.locator(".tab.active", { hasText: "deploy_shop_" });
  await workbench.page.keyboard.type("x");
  await workbench.screenshot("log-running");
  app.set("pass");
  await workbench.row("Deployment of shop, success").nth(1).waitFor();
  await workbench.page.getByText("Ln 7, Col 1").waitFor();
  await workbench.goTo(99_999);
  await workbench.editor('"status": "success"').waitFor();
  await workbench.screenshot("log-ended");
  const told = `${await tab.getAttribute("class")} ${await tab.getAttribute("aria-label")}`;
  assert.doesNotMatch(told, /dirty|deleted/);
}

interface Log {
  readonly status: string;
  readonly steps: readonly { readonly step_name: string; readonly status: string }[];
}

function logs(folder: string): Log[] {
  const names = readdirSync(path.join(folder, "agent_logs")).filter((name) => name.endsWith(".json"));
  return names.sort().map((name) => JSON.parse(readFileSync(path.join(folder, "agent_logs", name), "utf-8")) as Log);
}
