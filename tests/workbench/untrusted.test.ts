/** In a folder that is not trusted logs can be read, and nothing is run. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleApp } from "./repositories.ts";
import { inWorkbench } from "./workbench.ts";

test("an untrusted folder says so and deploys nothing", async () => {
  await inWorkbench({ folder: sampleApp("static"), name: "untrusted", trusted: false }, async (workbench) => {
    await workbench.pane("Deployments").getByText("must be trusted first").waitFor();
    await workbench.screenshot("welcome");
    await workbench.palette("");
    assert.equal(await workbench.choice("Auto-Deployer: Deploy…").count(), 0);
    await workbench.page.keyboard.press("Escape");
    await workbench.command("Show Plan (Dry Run)");
    await workbench.choose("static");
    await workbench.choose("HEAD");
    await workbench.editor("Plan of static").waitFor();
    await workbench.screenshot("plan");
  });
});
