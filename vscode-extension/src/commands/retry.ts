/** Retry: from the first step that is not ok, or from one that is named. */
import * as vscode from "vscode";
import { asItIsNow, type Choice, choiceAgain, isFolder, newDeploymentId, sourceParams } from "../deploy/choice";
import { plain } from "../deploy/text";
import { planStep, stepIds } from "../state/log";
import { type Deployment, isRetryable, isRunning, offers } from "../state/store";
import { pickOne } from "../views/pick";
import type { Target } from "./called";
import { deploymentOf, type Services, type Unfit } from "./services";
import { start } from "./start";

export async function retry(services: Services, target?: Target): Promise<void> {
  const deployment = await deploymentOf(services, target, canRetry, "Retry");
  if (deployment !== undefined) {
    await retryFrom(services, deployment, null);
  }
}

export async function retryStep(services: Services, target?: Target): Promise<void> {
  const deployment = await deploymentOf(services, target, canRetry, "Retry From This Step");
  if (deployment === undefined) {
    return;
  }
  const stepId = target?.stepId ?? (deployment.log?.pending_question ? 0 : await chooseStep(deployment));
  if (stepId !== undefined) {
    await retryFrom(services, deployment, stepId);
  }
}

/** It ended otherwise than well, or waits to hear what becomes of a step that failed. */
const canRetry: Unfit<Deployment> = (deployment) => {
  if (isRetryable(deployment) || offers(deployment, "retry")) {
    return undefined;
  }
  return isRunning(deployment) ? "asks for no retry." : "has succeeded: there is nothing to retry.";
};

function chooseStep({ log }: Deployment): Promise<number | undefined> {
  const items = log
    ? stepIds(log).map((id) => ({ label: plain(planStep(log, id)?.name ?? `Step ${id}`), description: "", value: id }))
    : [];
  return pickOne(items, "Retry", "From which step? Those before it are taken over where they are still good.");
}

/** A step that failed and waits for an answer is retried where it is; otherwise a new deployment goes on. */
async function retryFrom(services: Services, deployment: Deployment, fromStepId: number | null): Promise<void> {
  if (await services.questions.choose(deployment, "retry")) {
    return;
  }
  const choice = choiceAgain(deployment.log);
  if (choice !== undefined && (await hasChanged(services, deployment, choice))) {
    const items = [
      { label: "The same snapshot", description: "go on with the files as they were", value: "same" },
      { label: "The files as they are now", description: fromTheStart(choice), value: "new" },
    ];
    const wanted = await pickOne(items, "Retry", "The files have changed since that deployment");
    if (wanted !== "same") {
      await (wanted === "new" ? start(services, asItIsNow(choice)) : undefined);
      return;
    }
  }
  const params = { deploymentId: deployment.id, newDeploymentId: newDeploymentId(new Date()), fromStepId };
  const { deploymentId } = await services.send("deploy/retry", params);
  services.view.reveal(deploymentId);
}

function fromTheStart({ ref }: Choice): string {
  return ref ? `a new deployment of ${plain(ref)} from the start` : "a new deployment from the start, uncommitted edits included";
}

/** The folder's commit (working trees have one, too) is another than the deployment's. A URL is not asked: that is slow. */
async function hasChanged(services: Services, { log }: Deployment, choice: Choice): Promise<boolean> {
  const before = log?.repo?.source;
  if (!isFolder(choice) || !before?.commit) {
    return false;
  }
  const options = { location: vscode.ProgressLocation.Window, title: "Auto-Deployer: comparing the files" };
  const looked = await vscode.window.withProgress(options, () =>
    services.send("deploy/analyze", sourceParams(choice)).then(undefined, () => undefined),
  );
  const now = looked?.repo.source;
  return now !== undefined && (now.commit !== before.commit || (now.uncommitted ?? 0) !== (before.uncommitted ?? 0));
}
