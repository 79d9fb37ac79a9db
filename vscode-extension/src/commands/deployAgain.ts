/** Deploy Again: the same choice as a deployment before, of how the repository is now. */
import * as vscode from "vscode";
import { choiceAgain } from "../deploy/choice";
import { isRunning } from "../state/store";
import { deploy } from "./deploy";
import { deploymentOf, type Services, type Target } from "./services";
import { start } from "./start";

export async function deployAgain(services: Services, target?: Target): Promise<void> {
  const last = services.memory.choices()[0];
  if (target === undefined) {
    await deploy(services, last);
    return;
  }
  const deployment = await deploymentOf(services, target, (other) => !isRunning(other), "Deploy Again");
  const choice = choiceAgain(deployment?.log);
  if (choice !== undefined) {
    await start(services, choice);
  } else if (deployment !== undefined) {
    void vscode.window.showInformationMessage("The log does not say what was asked for; choose it once more.");
    await deploy(services);
  }
}
