/** Show Plan: what a deployment would run, as a document; nothing is run. */
import * as vscode from "vscode";
import { type Choice, sourceParams } from "../deploy/choice";
import type { GitCredential, PlanResult } from "../protocol";
import { choose } from "./deploy";
import { reasonOf } from "./errors";
import { withLogin } from "./login";
import type { Services } from "./services";
import { remedied } from "./start";

export async function showPlan(services: Services): Promise<void> {
  const choice = await choose(services, "Show Plan", false);
  if (choice !== undefined) {
    await plan(services, choice);
  }
}

async function plan(services: Services, choice: Choice): Promise<void> {
  const options = { location: vscode.ProgressLocation.Window, title: "Auto-Deployer: planning" };
  try {
    const look = (gitCredential?: GitCredential): Thenable<PlanResult> =>
      vscode.window.withProgress(options, () => services.send("deploy/plan", { ...sourceParams(choice), gitCredential }));
    await services.plans.show(await withLogin(services, choice, look));
  } catch (error) {
    const better = await remedied(choice, reasonOf(error));
    if (better === undefined) {
      throw error;
    }
    await services.memory.remember(better);
    await plan(services, better);
  }
}
