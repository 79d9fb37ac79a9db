/** Cancel, skip and answer: what can be done to a deployment that runs. */
import * as vscode from "vscode";
import { type Deployment, offers } from "../state/store";
import { deploymentName } from "../tree/rows";
import { pickOne } from "../views/pick";
import type { Target } from "./called";
import { deploymentOf, isOurs, type Services, type Unfit } from "./services";

export async function cancel(services: Services, target?: Target): Promise<void> {
  const deployment = await deploymentOf(services, target, isOurs, "Cancel Deployment");
  if (deployment !== undefined) {
    await services.send("deploy/cancel", { deploymentId: deployment.id });
  }
}

export async function skipStep(services: Services, target?: Target): Promise<void> {
  const deployment = await deploymentOf(services, target, hasStep(target?.stepId), "Skip Step");
  const stepId = target?.stepId ?? deployment?.log?.steps?.at(-1)?.step_id;
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

/** It runs, and has begun a step where none is named. */
function hasStep(named: number | undefined): Unfit<Deployment> {
  return (deployment) => {
    const begun = named !== undefined || (deployment.log?.steps ?? []).length > 0;
    return isOurs(deployment) ?? (begun ? undefined : "has not begun a step yet.");
  };
}

/** A step that failed is tried again, and the model mends what fails. */
export async function askModel(services: Services, target?: Target): Promise<void> {
  await chooseForFailed(services, target, "model", asksFor("model"), "Ask the Model to Repair");
}

/** The same, with what the user knows about it. */
export async function retryWithHint(services: Services, target?: Target): Promise<void> {
  const prompt = "What should the model know, or try?";
  await chooseForFailed(services, target, "retry", takesHint, "Retry with a Hint", prompt);
}

function asksFor(option: string): Unfit<Deployment> {
  return (deployment) => isOurs(deployment) ?? (offers(deployment, option) ? undefined : "does not ask for that now.");
}

const takesHint: Unfit<Deployment> = (deployment) =>
  asksFor("retry")(deployment) ?? (deployment.log?.config?.model ? undefined : "has no model that could read it.");

async function chooseForFailed(
  services: Services,
  target: Target | undefined,
  option: string,
  unfit: Unfit<Deployment>,
  title: string,
  asks?: string,
): Promise<void> {
  const deployment = await deploymentOf(services, target, unfit, title);
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

const waits: Unfit<Deployment> = (deployment) =>
  isOurs(deployment) ?? (deployment.log?.pending_question ? undefined : "waits for no answer now.");

export async function answer(services: Services, target?: Target): Promise<void> {
  const deployment = await deploymentOf(services, target, waits, "Answer Question");
  if (deployment !== undefined) {
    await services.questions.answer(deployment);
  }
}
