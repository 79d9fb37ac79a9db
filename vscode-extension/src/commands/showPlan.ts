/** Show Plan: what a deployment would run, as a document; nothing is run. */
import * as vscode from "vscode";
import type { Choice } from "../deploy/choice";
import { choose } from "./deploy";
import { errorData } from "./errors";
import type { Services } from "./services";
import { remedied } from "./start";

export async function showPlan(services: Services): Promise<void> {
  const choice = await choose(services, "Show Plan", false);
  if (choice !== undefined) {
    await plan(services, choice);
  }
}

async function plan(services: Services, choice: Choice): Promise<void> {
  const { folder: _, approval: __, ...params } = choice;
  const options = { location: vscode.ProgressLocation.Window, title: "Auto-Deployer: planning" };
  try {
    const result = await vscode.window.withProgress(options, () => services.send("deploy/plan", params));
    await services.plans.show(result);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const better = await remedied(choice, errorData(error).kind ?? "", message);
    if (better === undefined) {
      throw error;
    }
    await services.memory.remember(better);
    await plan(services, better);
  }
}
