/** Cancel, skip and answer: what can be done to a deployment that runs. */
import * as vscode from "vscode";
import { type Deployment, isRunning } from "../state/store";
import type { Node } from "../tree/model";
import { deploymentName } from "../tree/rows";
import { pickOne } from "../views/pick";
import { deploymentOf, type Services, type Target } from "./services";

export async function cancel(services: Services, target?: Target): Promise<void> {
  const deployment = await deploymentOf(services, target, isRunning, "Cancel Deployment");
  if (deployment !== undefined) {
    await services.send("deploy/cancel", { deploymentId: deployment.id });
  }
}

export async function skipStep(services: Services, node?: Node): Promise<void> {
  const deployment = await deploymentOf(services, node, isRunning, "Skip Step");
  const running = deployment?.log?.steps?.at(-1)?.step_id;
  const stepId = node?.stepId ?? running;
  if (deployment === undefined || stepId === undefined) {
    return;
  }
  const items = [
    { label: "Skip it, and what depends on it", description: "", value: false },
    { label: "Skip it, and go on as if it had succeeded", description: "it was done by hand, or is not needed", value: true },
  ];
  const name = deployment.log?.plan?.steps.find((step) => step.id === stepId)?.name ?? "the step";
  const satisfiesDependents = await pickOne(items, `Skip ${name}`, `A step of ${deploymentName(deployment)}`);
  if (satisfiesDependents !== undefined) {
    await services.send("deploy/skipStep", { deploymentId: deployment.id, stepId, satisfiesDependents });
  }
}

/** A step that failed is tried again, and the model mends what fails. */
export async function askModel(services: Services, target?: Target): Promise<void> {
  await chooseForFailed(services, target, "model", "Ask the Model to Repair");
}

/** The same, with what the user knows about it. */
export async function retryWithHint(services: Services, target?: Target): Promise<void> {
  await chooseForFailed(services, target, "retry", "Retry with a Hint", "What should the model know, or try?");
}

async function chooseForFailed(services: Services, target: Target, option: string, title: string, asks?: string): Promise<void> {
  const fits = ({ log }: Deployment): boolean => log?.pending_question?.options?.some(({ id }) => id === option) === true;
  const deployment = await deploymentOf(services, target, fits, title);
  if (deployment === undefined) {
    return;
  }
  const hint = asks && (await vscode.window.showInputBox({ title, prompt: asks, ignoreFocusOut: true }));
  if (asks && !hint) {
    return;
  }
  if (!(await services.questions.choose(deployment, option, hint))) {
    void vscode.window.showInformationMessage("The question was answered already.");
  }
}

export async function answer(services: Services, target?: Target): Promise<void> {
  const deployment = await deploymentOf(services, target, ({ log }) => !!log?.pending_question, "Answer");
  if (deployment?.log?.pending_question) {
    await services.questions.answer(deployment);
  } else if (deployment !== undefined) {
    void vscode.window.showInformationMessage("The question was answered already.");
  }
}
