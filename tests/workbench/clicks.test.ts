/** What a person clicks first: title buttons after a row, the row of each command, and outputs that grow. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { committed, controlledApp } from "./repositories.ts";
import { inWorkbench, type Workbench } from "./workbench.ts";

test("each command's row opens, silent or not, and title buttons do not take the focused row for a choice", async () => {
  await inWorkbench({ folder: controlledApp().folder, name: "clicks" }, async (workbench) => {
    await deploy(workbench);
    await workbench.toast("shop is running at").waitFor();
    await workbench.dismiss("shop is running at");
    const root = workbench.row("Deployment of shop, success");
    await root.click();
    await workbench.titleButton("Deploy…").click();
    await workbench.choice("Something else…").waitFor();
    await workbench.page.keyboard.press("Escape");
    await workbench.titleButton("Show Output").click();
    await workbench.output("=== success").waitFor();
    await workbench.page.keyboard.press("Control+j");
    await openEach(workbench);
    assert.equal(
      await workbench.page.locator(".notification-toast").count(),
      0,
      await workbench.toast("").allTextContents().then(String),
    );
  });
});

/** Of each command of two steps, which have both kinds: more rows than are shown are not drawn. */
async function openEach(workbench: Workbench): Promise<void> {
  let silent = 0;
  await workbench.expand(workbench.row("Deployment of shop, success"));
  for (const step of ["Check out", "Build"]) {
    await workbench.expand(workbench.row(new RegExp(`^${step}`)));
  }
  await workbench.row("command npm run build").waitFor();
  await workbench.row("command ").first().waitFor();
  const labels = await workbench.row("command ").evaluateAll((rows) => rows.map((row) => row.getAttribute("aria-label") ?? ""));
  for (const label of labels) {
    const row = workbench.row(label.slice(0, 60).split('"')[0] ?? label).first();
    await row.click();
    const isSilent = (await row.locator('a.action-label[aria-label*="Open Command Output"]').count()) === 0;
    silent += isSilent ? 1 : 0;
    await workbench.editor(isSilent ? "(no output)" : /\S/).waitFor();
  }
  await workbench.screenshot("opened");
  assert.ok(silent > 0, "no command was silent");
  assert.ok(silent < labels.length, "no command said anything");
}

test("an output fills from its first byte, opens at its end and follows it while that is in view", async () => {
  const { folder, set, control } = controlledApp();
  writeFileSync(path.join(folder, "build.sh"), GROWING.replaceAll("CONTROL", control));
  committed(folder, "A build that tells a lot");
  set("silent");
  await inWorkbench({ folder, name: "growing" }, async (workbench) => {
    await deploy(workbench);
    await workbench.row("command npm run build, running").click();
    await workbench.editor("(no output yet)").waitFor();
    await workbench.screenshot("silent");
    set("many");
    await workbench.editor("line 300").waitFor();
    await workbench.screenshot("followed");
    await workbench.goTo(1);
    await workbench.editor("line 300").waitFor({ state: "detached" });
    set("more");
    await workbench.row("Deployment of shop, success").waitFor();
    await workbench.page.waitForTimeout(1500); // longer than an output waits to be read again
    assert.equal(await workbench.editor("the last of it").count(), 0, "it left the place that is read");
    await workbench.page.keyboard.press("Control+w");
    await workbench.expand(workbench.row(/^Build/).first());
    await workbench.row("command npm run build, succeeded").click();
    await workbench.editor("the last of it").waitFor();
    await workbench.screenshot("at-its-end");
  });
});

async function deploy(workbench: Workbench): Promise<void> {
  await workbench.command("Deploy…");
  await workbench.choose("shop");
  await workbench.choose("HEAD");
  await workbench.choose("Deploy right away");
}

const GROWING = `until_told() { while [ "$(cat 'CONTROL')" = "$1" ]; do sleep 0.2; done; }
until_told silent
seq -f 'line %.0f' 1 300
until_told many
seq -f 'further line %.0f' 1 300
echo 'the last of it'
`;
