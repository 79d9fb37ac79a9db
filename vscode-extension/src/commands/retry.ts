/** Retry: from a step of the tree, or from the first one that is not ok. */
import * as vscode from "vscode";
import { type Choice, choiceOf, newDeploymentId } from "../deploy/choice";
import { type Deployment, isRetryable } from "../state/store";
import { pickOne } from "../views/pick";
import { deploymentOf, type Services, type Target } from "./services";
import { start } from "./start";

export async function retry(services: Services, target?: Target): Promise<void> {
  const deployment = await deploymentOf(services, target, isRetryable, "Retry");
  if (deployment === undefined || (await services.questions.choose(deployment, "retry"))) {
    return;
  }
  const choice = choiceOf(deployment.log?.request ?? {});
  if (choice !== undefined && (await hasChanged(services, deployment, choice))) {
    const items = [
      { label: "The same snapshot", description: "go on with the files as they were", value: "same" },
      { label: "The files as they are now", description: "a new deployment from the start", value: "new" },
    ];
    const wanted = await pickOne(items, "Retry", "The files have changed since that deployment");
    if (wanted !== "same") {
      await (wanted === "new" ? start(services, choice) : undefined);
      return;
    }
  }
  const fromStepId = target !== undefined && "place" in target && "stepId" in target.place ? target.place.stepId : null;
  const params = { deploymentId: deployment.id, newDeploymentId: newDeploymentId(new Date()), fromStepId };
  const { deploymentId } = await services.send("deploy/retry", params);
  services.view.reveal(deploymentId);
}

/** The folder's commit (working trees have one, too) is another than the deployment's. A URL is not asked: that is slow. */
async function hasChanged(services: Services, { log }: Deployment, choice: Choice): Promise<boolean> {
  const before = log?.repo?.source;
  if (!choice.folder || !before?.commit) {
    return false;
  }
  const { repo, ref, dirty, subdir } = choice;
  const options = { location: vscode.ProgressLocation.Window, title: "Auto-Deployer: comparing the files" };
  const looked = await vscode.window.withProgress(options, () =>
    services.send("deploy/analyze", { repo, ref, dirty: dirty ?? false, subdir }).then(undefined, () => undefined),
  );
  const now = looked?.repo.source;
  return now !== undefined && (now.commit !== before.commit || (now.uncommitted ?? 0) !== (before.uncommitted ?? 0));
}
