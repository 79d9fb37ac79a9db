/** A deployment of 2,000 commands in the view: opened from history, and watched while another process writes 200 commands a second. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { Locator } from "playwright-core";
import { PYTHON, ROOT } from "./editor.ts";
import { sampleApp } from "./repositories.ts";
import { inWorkbench, type Workbench } from "./workbench.ts";

const COMMANDS = 2000;
const PER_SECOND = 200;
const WATCHED_MS = 6000;
const TICKS_PER_SECOND = 100;

test("2,000 commands in the view", async () => {
  const folder = sampleApp("static");
  const logs = path.join(folder, "agent_logs");
  spawnSync(PYTHON, large(logs, "history", 0), { cwd: ROOT, stdio: "inherit" });
  await inWorkbench({ folder, name: "large" }, async (workbench) => {
    await history(workbench);
    await live(workbench, logs);
  });
});

function large(logs: string, name: string, perSecond: number): string[] {
  const rate = ["--commands", String(COMMANDS), "--per-second", String(perSecond)];
  return ["-m", "tests.workbench.large_logs", logs, "--name", name, ...rate];
}

async function history(workbench: Workbench): Promise<void> {
  const deployment = workbench.row("Deployment of history, success");
  await deployment.waitFor();
  await timed("open the deployment (its log is read)", () => workbench.expand(deployment), workbench.row("step 1 of 1").last());
  const group = workbench.row("Commands 1 to 100");
  await timed("open its step (19 groups and the last 100)", () => workbench.expand(workbench.row("step 1 of 1")), group);
  await timed("open a group", () => workbench.expand(group), workbench.row("./import --product 2,"));
  await workbench.screenshot("history");
  await workbench.expand(deployment); // closes it: what follows is about the other one
}

async function live(workbench: Workbench, logs: string): Promise<void> {
  const host = workbench.processes("type=extensionHost")[0];
  assert.ok(host, "the extension host runs");
  const writer = spawn(PYTHON, large(logs, "live", PER_SECOND), { cwd: ROOT, stdio: "inherit" });
  const written = new Promise<number>((resolve) => writer.once("exit", () => resolve(Date.now())));
  await workbench.row("step 1 of 1, Import, running").waitFor();
  const watched = workbench.page.evaluate(watch, WATCHED_MS);
  const before = cpuSeconds(host);
  await workbench.screenshot("live");
  const { changed, longest, late } = await watched;
  const used = cpuSeconds(host) - before;
  await workbench.row("Deployment of live, success").waitFor();
  report("the tree's last change after the writer's end, ms", Date.now() - (await written));
  report("frames a second in which the tree changed", changed / (WATCHED_MS / 1000));
  report("longest time between two frames, ms", longest);
  report("times of more than 100 ms between two frames", late);
  report("processor of the extension host, % of one", (used * 100) / (WATCHED_MS / 1000));
  await workbench.screenshot("ended");
}

/** Runs in the page: frames in which the view changed, and how evenly frames come. */
function watch(time: number): Promise<{ changed: number; longest: number; late: number }> {
  return new Promise((resolve) => {
    let [touched, changed, longest, late] = [false, 0, 0, 0];
    const observer = new MutationObserver(() => {
      touched = true;
    });
    const begun = performance.now();
    let last = begun;
    const frame = (now: number): void => {
      changed += touched ? 1 : 0;
      touched = false;
      longest = Math.max(longest, now - last);
      late += now - last > 100 ? 1 : 0;
      last = now;
      if (now - begun < time) {
        requestAnimationFrame(frame);
      } else {
        observer.disconnect();
        resolve({ changed, longest, late });
      }
    };
    const view = document.querySelector(".pane .monaco-list-rows");
    if (view !== null) {
      observer.observe(view, { subtree: true, childList: true, characterData: true, attributes: true });
    }
    requestAnimationFrame(frame);
  });
}

async function timed(what: string, act: () => Promise<void>, shown: Locator): Promise<void> {
  const begun = Date.now();
  await act();
  await shown.waitFor();
  report(`${what}, ms`, Date.now() - begun);
}

function report(what: string, value: number): void {
  console.log(`${what}: ${Math.round(value)}`);
}

/** Processor time a process has used. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf-8").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
