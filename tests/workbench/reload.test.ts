/** A window that is reloaded and a server that is killed in the middle: the deployment goes on, and the tree comes back where it is. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { type Controlled, controlledApp } from "./repositories.ts";
import { inWorkbench, type Workbench } from "./workbench.ts";

test("reload the window while a question waits, and while a command runs", async () => {
  const app = controlledApp();
  await inWorkbench({ folder: app.folder, name: "reload" }, async (workbench) => {
    app.set("fail");
    await deploy(workbench);
    await workbench.row("question: Step 3").waitFor();
    await workbench.load();
    await workbench.row("question: Step 3").waitFor();
    await workbench.screenshot("question");
    app.set("wait");
    await workbench.act(workbench.row("question: Step 3"), "Answer");
    await workbench.choose("Retry");
    await workbench.row("npm run build, running for").waitFor();
    await workbench.load();
    await goesOn(workbench, app);
    await workbench.row("step 3 of 5, Build, attempt 2, success").waitFor();
    await endsWhileClosed(workbench, app);
  });
});

test("kill the server while a command runs", async () => {
  const app = controlledApp();
  await inWorkbench({ folder: app.folder, name: "kill" }, async (workbench) => {
    app.set("wait");
    await deploy(workbench);
    await workbench.row("npm run build, running for").waitFor();
    const killed = workbench.processes("auto_deployer server");
    assert.equal(killed.length, 1);
    for (const pid of killed) {
      process.kill(pid, "SIGKILL");
    }
    await workbench.until(() => workbench.processes("auto_deployer server").some((pid) => !killed.includes(pid)));
    await goesOn(workbench, app);
  });
});

async function deploy(workbench: Workbench): Promise<void> {
  await workbench.command("Deploy…");
  await workbench.choose("shop");
  await workbench.choose("HEAD");
  await workbench.choose("Deploy right away");
}

/** It is shown running where it is, and ends by itself: nobody retries anything. */
async function goesOn(workbench: Workbench, app: Controlled): Promise<void> {
  await workbench.row("Deployment of shop, running, step 3 of 5").waitFor();
  await workbench.row("npm run build, running for").waitFor();
  await workbench.screenshot("goes-on");
  assert.equal(log(app).status, "running");
  app.set("pass");
  await workbench.row("Deployment of shop, success").waitFor();
  await workbench.row("App shop, running", "Apps").waitFor();
  await workbench.toast("shop is running at").waitFor();
  await workbench.screenshot("success");
  assert.equal(log(app).status, "success");
}

/** A deployment that ends while the window is closed is told by the window that is opened next, and by that one alone. */
async function endsWhileClosed(workbench: Workbench, app: Controlled): Promise<void> {
  app.set("wait");
  await workbench.command("Deploy Again");
  await workbench.row("Deployment of shop, running, step 3 of 5").waitFor();
  await workbench.row("npm run build, running for").waitFor();
  await workbench.page.goto("about:blank");
  await workbench.until(() => workbench.processes("auto_deployer server").length === 0);
  app.set("pass");
  await workbench.until(() => !readdirSync(path.join(app.folder, "agent_logs")).some((name) => isRunning(app, name)));
  await workbench.load();
  await workbench.toast("shop is running at").waitFor();
  await workbench.screenshot("told-later");
  await workbench.load();
  await workbench.row("Deployment of shop, success").nth(1).waitFor();
  await workbench.row("App shop, running", "Apps").waitFor();
  assert.equal(await workbench.toast("shop is running at").count(), 0);
}

function isRunning({ folder }: Controlled, name: string): boolean {
  return name.endsWith(".json") && JSON.parse(readFileSync(path.join(folder, "agent_logs", name), "utf-8")).status === "running";
}

/** Of the one deployment there was. */
function log({ folder }: Controlled): { status: string } {
  const logs = path.join(folder, "agent_logs");
  const names = readdirSync(logs).filter((name) => name.endsWith(".json"));
  assert.equal(names.length, 1);
  return JSON.parse(readFileSync(path.join(logs, names[0] ?? ""), "utf-8"));
}
