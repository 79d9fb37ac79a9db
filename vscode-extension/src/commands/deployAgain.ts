/** Deploy Again: the same choice as a deployment before, of how the repository is now. */
import * as vscode from "vscode";
import { choiceAgain } from "../deploy/choice";
import type { Target } from "./called";
import { deploy } from "./deploy";
import { deploymentOf, hasEnded, type Services } from "./services";
import { start } from "./start";

export async function deployAgain(services: Services, target?: Target): Promise<void> {
  if (target === undefined) {
    const [last] = services.memory.choices();
    await (last === undefined ? deploy(services) : start(services, last));
    return;
  }
  const deployment = await deploymentOf(services, target, hasEnded, "Deploy Again");
  const choice = choiceAgain(deployment?.log);
  if (choice !== undefined) {
    await start(services, choice);
  } else if (deployment !== undefined) {
    void vscode.window.showInformationMessage("The log does not say what was asked for; choose it once more.");
    await deploy(services);
  }
}
