/** What the extension costs an editor that starts: the extension host's own figure, from "Show Running Extensions". */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { inWorkbench } from "./workbench.ts";

const STARTS = 5;
/** All extensions are in view: the slowest is first, and rows below the window are not drawn. */
const size = { width: 1280, height: 2400 };

test("activation", async () => {
  const measured: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const folder = mkdtempSync(path.join(tmpdir(), "activation-"));
    await inWorkbench({ folder, name: "activation", size }, async (workbench) => {
      await workbench.run("Developer: Show Running Extensions");
      const row = workbench.page.locator(".runtime-extensions-editor .extension", { hasText: "Auto-Deployer" });
      measured.push(Number(/(\d+)ms/.exec((await row.locator(".activation-time").textContent()) ?? "")?.[1]));
    });
  }
  measured.sort((a, b) => a - b);
  console.log(`activation, ms: median ${measured[Math.floor(STARTS / 2)]}, all ${measured.join(" ")}`);
});
