/** A model is set up in the editor and mends a failed build; its key stays out of the settings. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { PYTHON, ROOT } from "./editor.ts";
import { committed, controlledApp, temporaryFolder } from "./repositories.ts";
import { inWorkbench, type Workbench } from "./workbench.ts";

const KEY = "sk-of-the-workbench-test";
/** Too long for one line: what is asked about is shown whole. */
const LONG = {
  action: "execute",
  command: ["touch shelf", ...Array.from({ length: 38 }, (_, nth) => `echo shelf ${nth}`), "echo the last of forty shelves"].join(
    "\n",
  ),
  then_retry: true,
  reasoning: "The build wants a shelf.",
};
const MEND = { action: "execute", command: "touch shelf", then_retry: true, reasoning: "The build wants a shelf." };

test("set up a model, which then repairs a failed build", async () => {
  await withModel([{ reply: { ready: true } }, { reply: { next: MEND }, match: "the shelf is missing" }], async (endpoint) => {
    const folder = appWithoutShelf();
    await inWorkbench({ folder, name: "model" }, async (workbench) => {
      await setUp(workbench, endpoint);
      assert.ok(!settingsOf(workbench).includes(KEY));
      assert.match(settingsOf(workbench), /"autoDeployer\.llm\.model": *"scripted"/);
      await deploy(workbench);
      await workbench.row("Deployment of shop, success").and(workbench.row("1 model call")).waitFor();
      await workbench.row("Build, success").and(workbench.row("repaired by scripted")).waitFor();
      await workbench.expand(workbench.row("Build, success"));
      await workbench.row("command touch shelf, succeeded").waitFor();
      await workbench.screenshot("repaired");
      const logs = path.join(folder, "agent_logs");
      const [log = ""] = readdirSync(logs).filter((name) => name.endsWith(".json"));
      assert.ok(!readFileSync(path.join(logs, log), "utf-8").includes(KEY));

      await workbench.command("Remove Model Key…");
      await workbench.choose("Another OpenAI-compatible server");
      await workbench.command("Remove Model Key…");
      await workbench.toast("No key is kept in this editor").waitFor();
    });
  });
});

test("a key that does not work is told, and the model asked on the user's word with a hint", async () => {
  const refusal = { status: 401, message: "no such key" };
  const script = [refusal, { reply: { ready: true } }, { reply: { next: MEND }, match: "It lies in the cellar" }];
  await withModel(script, async (endpoint) => {
    const machine = { "autoDeployer.planner": "recipe" };
    await inWorkbench({ folder: appWithoutShelf(), name: "model-asked", machine }, async (workbench) => {
      await setUp(workbench, endpoint, async () => {
        await workbench.toast("Save Anyway").waitFor();
        await workbench.screenshot("refused");
        await workbench.press("Save Anyway", "Try Again");
        await answer(workbench, endpoint);
      });
      await deploy(workbench);
      await workbench.toast("the shelf is missing").locator(".monaco-button", { hasText: "More…" }).waitFor();
      const failed = workbench.row("Build, failed");
      await failed.locator('a.action-label[aria-label*="Ask the Model to Repair"]').waitFor({ state: "attached" });
      await workbench.screenshot("question");
      await workbench.menu(failed, "Retry with a Hint");
      await workbench.type("It lies in the cellar");
      await workbench.row("Deployment of shop, success").and(workbench.row("1 model call")).waitFor();
      await workbench.screenshot("success");
    });
  });
});

test("a command to be approved is told, reviewed after a click, and no stray Enter runs it", async () => {
  await withModel([{ reply: { ready: true } }, { reply: { next: LONG }, match: "the shelf is missing" }], async (endpoint) => {
    const folder = appWithoutShelf();
    await inWorkbench({ folder, name: "risky", machine: { "autoDeployer.approval": "always" } }, async (workbench) => {
      const dialog = workbench.page.locator(".monaco-dialog-box");
      await setUp(workbench, endpoint);
      await workbench.command("Deploy…");
      await workbench.choose("shop");
      await workbench.choose("HEAD");
      await workbench.press("Run this plan?", "Run it");
      await workbench.toast("Review…").waitFor();
      await workbench.page.keyboard.press("Enter");
      await workbench.screenshot("toast");
      assert.equal(await dialog.count(), 0);
      await workbench.press("Review…", "Review…");
      await dialog.getByText("echo the last of forty shelves").waitFor();
      await workbench.screenshot("review");
      assert.equal(await dialog.locator(".monaco-button:focus").textContent(), "Do not run it");
      await workbench.page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
      await workbench.act(workbench.row("question: Run"), "Answer");
      await dialog.locator(".monaco-button", { hasText: /^Run it$/ }).click();
      await workbench.row("Deployment of shop, success").waitFor();
    });
  });
});

async function setUp(workbench: Workbench, endpoint: string, meanwhile?: () => Promise<void>): Promise<void> {
  await workbench.command("Set Up a Model…");
  await answer(workbench, endpoint);
  await meanwhile?.();
  await workbench.toast("Deployments use it from now on").waitFor();
  await workbench.screenshot("set-up");
}

async function answer(workbench: Workbench, endpoint: string): Promise<void> {
  await workbench.choose("Another OpenAI-compatible server");
  for (const [asked, text] of [
    ["Base URL", endpoint],
    ["The model's name", "scripted"],
    ["Its API key", KEY],
  ] as const) {
    await workbench.page.locator(".quick-input-widget", { hasText: asked }).waitFor();
    await workbench.type(text);
  }
}

async function deploy(workbench: Workbench): Promise<void> {
  await workbench.command("Deploy…");
  await workbench.choose("shop");
  await workbench.choose("HEAD");
  await workbench.choose("Deploy right away");
}

/** All settings files of this workbench. */
function settingsOf({ folders }: Workbench): string {
  const files = ["User", "Machine"].map((whose) => path.join(folders, "data", whose, "settings.json"));
  return files.map((file) => readFileSync(file, "utf-8")).join("\n");
}

function appWithoutShelf(): string {
  const { folder } = controlledApp();
  writeFileSync(path.join(folder, "build.sh"), "test -f shelf || { echo 'the shelf is missing' >&2; exit 3; }\n");
  return committed(folder, "A build that needs a shelf");
}

/** A model that says what the script says; at the end all of it must have been asked for, and nothing else. */
async function withModel(script: readonly object[], run: (endpoint: string) => Promise<void>): Promise<void> {
  const folder = temporaryFolder();
  const [scenario, portFile] = [path.join(folder, "scenario.json"), path.join(folder, "port")];
  writeFileSync(scenario, JSON.stringify(script));
  const model = spawn(PYTHON, ["-m", "tests.llm.scripted_server", scenario, "--port-file", portFile], {
    cwd: ROOT,
    stdio: "ignore",
  });
  const exit = once(model, "exit");
  try {
    while (!existsSync(portFile) && model.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await run(`http://127.0.0.1:${readFileSync(portFile, "utf-8")}/v1`);
  } finally {
    model.kill();
    await exit;
  }
  assert.equal(model.exitCode, 0, "the model was asked something else");
}
