/** A machine without the server: the extension makes it an environment from the wheel it brings; and one without Python. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleApp } from "./repositories.ts";
import { inWorkbench } from "./workbench.ts";

test("the server is installed from the package", async () => {
  const machine = { "autoDeployer.interpreter": "" };
  await inWorkbench({ folder: sampleApp("static"), name: "fresh", machine }, async (workbench) => {
    await workbench.pane("Apps").getByText("No app was deployed").waitFor({ timeout: 180_000 });
    const [pid] = workbench.processes("auto_deployer server");
    assert.ok(pid, "the server runs");
    assert.ok(workbench.processes("globalStorage.*auto_deployer-.*server").length > 0, "from the private environment");
    await workbench.screenshot("ready");
  });
});

test("a Python that is none is named, with what to do", async () => {
  const machine = { "autoDeployer.interpreter": "/nowhere/python" };
  await inWorkbench({ folder: sampleApp("static"), name: "nopython", machine }, async (workbench) => {
    await workbench.toast("names /nowhere/python: there is no such program").waitFor();
    await workbench.pane("Deployments").getByText("server is not running").waitFor();
    await workbench.screenshot("told");
    await workbench.press("names /nowhere/python", "Select Interpreter");
    await workbench.choice("Look for one").waitFor();
    await workbench.screenshot("interpreters");
  });
});
