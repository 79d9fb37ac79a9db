/** A window that is reloaded and a server that is killed in the middle of a deployment: nothing is lost, and it ends well. */
import { test } from "node:test";
import { type Controlled, controlledApp } from "./repositories.ts";
import { inWorkbench, type Workbench } from "./workbench.ts";

test("reload the window in the middle of a deployment", async () => {
  const app = controlledApp();
  await inWorkbench({ folder: app.folder, name: "reload" }, async (workbench) => {
    await deploying(workbench, app);
    await workbench.load();
    await endsWell(workbench, app);
  });
});

test("kill the server in the middle of a deployment", async () => {
  const app = controlledApp();
  await inWorkbench({ folder: app.folder, name: "kill" }, async (workbench) => {
    await deploying(workbench, app);
    const killed = workbench.processes("auto_deployer server");
    for (const pid of killed) {
      process.kill(pid, "SIGKILL");
    }
    await workbench.until(() => workbench.processes("auto_deployer server").some((pid) => !killed.includes(pid)));
    await endsWell(workbench, app);
  });
});

async function deploying(workbench: Workbench, app: Controlled): Promise<void> {
  app.set("wait");
  await workbench.command("Deploy…");
  await workbench.choose("shop");
  await workbench.choose("HEAD");
  await workbench.choose("This machine");
  await workbench.choose("Deploy right away");
  await workbench.row("running for").last().waitFor();
}

/** The deployment goes on where its process outlived the server; where it did not it says so, and is retried. */
async function endsWell(workbench: Workbench, app: Controlled): Promise<void> {
  const interrupted = workbench.row("Deployment of shop, interrupted");
  const ended = interrupted.or(workbench.row("Deployment of shop, success"));
  await workbench.row("Deployment of shop").first().waitFor();
  await workbench.screenshot("after");
  app.set("pass");
  await ended.first().waitFor();
  if (await interrupted.isVisible()) {
    await workbench.act(interrupted, "Retry");
  }
  await workbench.row("Deployment of shop, success").waitFor();
  await workbench.row("App shop, running", "Apps").waitFor();
  await workbench.screenshot("success");
}
