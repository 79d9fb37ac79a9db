/** What the user is asked for: a start command after a refusal, an env file, what to skip, whether to delete. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { committed, controlledApp } from "./repositories.ts";
import { inWorkbench, type Workbench } from "./workbench.ts";

test("a refusal asks for the start command, an .env is offered, the app opens in the browser", async () => {
  const { folder } = controlledApp();
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: "shop", version: "1.0.0", private: true }));
  execFileSync("git", ["mv", "server.js", "open-the-shop.js"], { cwd: folder });
  rmSync(path.join(folder, "build.sh"));
  committed(folder, "Without a start script");
  writeFileSync(path.join(folder, ".env"), "GREETING=hello\n");
  await inWorkbench({ folder, name: "ask" }, async (workbench) => {
    await workbench.command("Deploy…");
    await workbench.choose("shop");
    await workbench.choose("HEAD");
    await workbench.choice("With the variables of .env").waitFor();
    await workbench.screenshot("env");
    await workbench.choose("Without variables");
    await workbench.choose("Deploy right away");
    await workbench.toast("Set Start Command").waitFor();
    await workbench.screenshot("refused");
    await workbench.press("Set Start Command", "Set Start Command");
    await workbench.type("node open-the-shop.js");
    await workbench.toast("shop is running at").waitFor();
    await openInBrowser(workbench);

    await workbench.command("Deploy Again"); // the answer is remembered
    await workbench.row("Deployment of shop, success").nth(1).waitFor();

    await deleteRefused(workbench, folder);
  });
});

test("Show Plan asks for the start command that its refusal names", async () => {
  const { folder } = controlledApp();
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: "shop", version: "1.0.0", private: true }));
  execFileSync("git", ["mv", "server.js", "open-the-shop.js"], { cwd: folder });
  committed(folder, "Without a start script");
  await inWorkbench({ folder, name: "plan-remedy" }, async (workbench) => {
    await workbench.command("Show Plan (Dry Run)");
    await workbench.choose("shop");
    await workbench.choose("HEAD");
    await workbench.page.locator(".quick-input-widget", { hasText: "The command that starts it" }).waitFor();
    await workbench.screenshot("asked");
    assert.match(await workbench.page.locator(".quick-input-widget input.input").inputValue(), /^node \S+\.js$/);
    await workbench.type("node open-the-shop.js");
    await workbench.editor("Plan of shop").waitFor();
  });
});

test("skip a step that runs", async () => {
  const app = controlledApp();
  app.set("wait");
  await inWorkbench({ folder: app.folder, name: "skip" }, async (workbench) => {
    await workbench.command("Deploy…");
    await workbench.choose("shop");
    await workbench.choose("HEAD");
    await workbench.choose("Deploy right away");
    await workbench.row("Build, running").waitFor();
    await workbench.act(workbench.row("Build, running"), "Skip");
    await workbench.screenshot("choice");
    await workbench.choose("go on as if it had succeeded");
    await workbench.row("Deployment of shop, success").waitFor();
    await workbench.row("Build, skipped").waitFor();
    await workbench.screenshot("skipped");
  });
});

test("files that changed are asked about, and a deployment from a terminal appears", async () => {
  const app = controlledApp();
  app.set("fail");
  await inWorkbench({ folder: app.folder, name: "changed" }, async (workbench) => {
    const logs = path.join(app.folder, "agent_logs");
    workbench.cli(["deploy", "--repo", app.folder, "--log-dir", logs]);
    await workbench.row("Deployment of shop, failed").waitFor();
    app.set("pass");
    writeFileSync(path.join(app.folder, "news.txt"), "We have shelves\n");
    committed(app.folder, "News");
    writeFileSync(path.join(app.folder, "draft.txt"), "Not committed\n");
    await workbench.act(workbench.row("Deployment of shop, failed"), "Retry");
    await workbench.choice("The same snapshot").waitFor();
    await workbench.screenshot("choice");
    await workbench.choose("The files as they are now");
    await workbench.row("Deployment of shop, success").waitFor();
    await workbench.screenshot("success");
    assert.deepEqual(filesOfRelease(logs), ["draft.txt", "news.txt"]);
  });
});

/** Which of the files that came after the first deployment the live release has. */
function filesOfRelease(logs: string): string[] {
  const documents = readdirSync(logs).filter((name) => /^deploy_.*\.json$/.test(name));
  const read = documents.map((name) => JSON.parse(readFileSync(path.join(logs, name), "utf8")));
  const { deploy_dir: folder } = read.find(({ status }) => status === "success");
  return ["draft.txt", "news.txt"].filter((name) => existsSync(path.join(folder, "current", name)));
}

async function openInBrowser(workbench: Workbench): Promise<void> {
  const opened = workbench.page.context().waitForEvent("page");
  await workbench.press("shop is running at", "Open in Browser");
  const page = await opened;
  await page.getByText("The shop is open").waitFor();
  await page.close();
}

async function deleteRefused(workbench: Workbench, folder: string): Promise<void> {
  const logs = path.join(folder, "agent_logs");
  const before = readdirSync(logs).filter((name) => name.startsWith("deploy_"));
  await workbench.row("Deployment of shop, failed").click({ button: "right" });
  await workbench.page.locator(".monaco-menu .action-label", { hasText: "Delete Deployment" }).hover();
  await workbench.page.keyboard.press("Enter");
  await workbench.page.locator(".monaco-dialog-box .monaco-button", { hasText: "Delete" }).click();
  await workbench.row("Deployment of shop, failed").waitFor({ state: "detached" });
  const after = readdirSync(logs).filter((name) => name.startsWith("deploy_"));
  assert.equal(before.length - after.length, 2);
  assert.ok(existsSync(logs));
}
