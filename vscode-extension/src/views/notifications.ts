/** One notification at the end of each deployment that this window saw running. */
import * as vscode from "vscode";
import { type Remedy, remediesOf } from "../deploy/remedies";
import { brief, duration } from "../format";
import { COMMANDS } from "../ids";
import { failedStep } from "../state/log";
import type { Deployment, DeploymentStore } from "../state/store";
import { deploymentName } from "../tree/rows";

const BUTTONS: Record<string, string> = {
  "Deploy Again": COMMANDS.deployAgain,
  "Open in Browser": COMMANDS.openApp,
  "Open Log": COMMANDS.openLog,
  Retry: COMMANDS.retry,
};

type OnRemedy = (deployment: Deployment, remedy: Remedy) => Promise<void>;

export function notifyOfEnds(store: DeploymentStore, onRemedy: OnRemedy): vscode.Disposable {
  return store.onDidChange((change) => {
    if (change.kind === "event" && change.event.method === "deploy/finished") {
      void notify(change.deployment, onRemedy);
    }
  });
}

async function notify(deployment: Deployment, onRemedy: OnRemedy): Promise<void> {
  const { log, summary } = deployment;
  const name = deploymentName(deployment);
  if (summary.status === "cancelled" || summary.status === "aborted") {
    return; // whoever did that knows
  }
  if (summary.status === "success") {
    const took = duration((log?.summary?.duration_seconds ?? 0) * 1000);
    const message = log?.app ? `${name} is running at ${log.app.url} (deployed in ${took}).` : `${name} was deployed in ${took}.`;
    const buttons = [...(log?.app ? ["Open in Browser"] : []), "Open Log"];
    await act(deployment, await vscode.window.showInformationMessage(message, ...buttons));
    return;
  }
  const step = log && failedStep(log);
  const where = step ? ` at “${step.step_name}”` : "";
  const why = log?.reason ? `: ${brief(log.reason.message)}` : ".";
  const remedies = log?.reason ? remediesOf(log.reason).slice(0, log.plan ? 1 : 2) : [];
  const first = log?.plan ? ["Retry"] : remedies.length === 0 ? ["Deploy Again"] : [];
  const buttons = [...first, ...remedies.map(({ label }) => label), "Open Log"];
  const chosen = await vscode.window.showErrorMessage(`Deployment of ${name} ${summary.status}${where}${why}`, ...buttons);
  const remedy = remedies.find(({ label }) => label === chosen);
  await (remedy ? onRemedy(deployment, remedy) : act(deployment, chosen));
}

async function act({ id }: Deployment, chosen: string | undefined): Promise<void> {
  const command = BUTTONS[chosen ?? ""];
  if (command !== undefined) {
    await vscode.commands.executeCommand(command, { deploymentId: id });
  }
}
