/** One notification at the end of each deployment that this workspace saw running, also when its window was closed then. */
import * as vscode from "vscode";
import { type Remedy, remediesOf } from "../deploy/remedies";
import type { SeenRunning } from "../deploy/seen";
import { brief, duration, moment } from "../format";
import { COMMANDS } from "../ids";
import { failedStep } from "../state/log";
import { type Deployment, type DeploymentStore, isRunning } from "../state/store";
import { deploymentName } from "../tree/rows";
import { type Button, offer } from "./offer";

const ACTIONS: Record<string, string> = {
  "Deploy Again": COMMANDS.deployAgain,
  "Manage Workspace Trust": "workbench.trust.manage",
  "Open in Browser": COMMANDS.openApp,
  "Open Log": COMMANDS.openLog,
  Retry: COMMANDS.retry,
};

/** What ended longer ago, while no window was open, is no news. */
const NEWS_MS = 24 * 3600_000;

/** Until a log that could not be had is asked for again. */
const AGAIN_MS = [500, 2000, 5000];

type OnRemedy = (deployment: Deployment, remedy: Remedy) => Promise<void>;

export function notifyOfEnds(store: DeploymentStore, seen: SeenRunning, onRemedy: OnRemedy): vscode.Disposable {
  const tell = async (id: string): Promise<void> => {
    await loaded(store, id);
    const deployment = store.get(id);
    await (deployment && notify(deployment, onRemedy));
  };
  return store.onDidChange((change) => {
    if (change.kind === "event" && change.event.method === "deploy/finished") {
      if (seen.takeEnded(change.deployment.id)) {
        void tell(change.deployment.id);
      }
    } else if (change.kind !== "output") {
      seen.add(store.running().map(({ id }) => id));
    }
    if (change.kind === "list") {
      const ended = store.all().filter((deployment) => !isRunning(deployment) && deployment.log?.status !== "running");
      const missed = ended.filter(({ id }) => seen.takeEnded(id)); // of those that we know as running events are on their way
      for (const { id } of missed.filter(({ summary }) => Date.now() - moment(summary.endTime) < NEWS_MS)) {
        void tell(id);
      }
    }
  });
}

/** Try to have its log; the server may just start again. Without it the end is told all the same, in fewer words. */
async function loaded(store: DeploymentStore, id: string): Promise<void> {
  for (const wait of [...AGAIN_MS, undefined]) {
    try {
      await store.load(id);
      return;
    } catch {
      await (wait && new Promise((resolve) => setTimeout(resolve, wait)));
    }
  }
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
    const buttons: Button[] = log?.app ? ["Open in Browser", "Open Log"] : ["Open Log"];
    await act(deployment, await offer("information", message, buttons));
    return;
  }
  const step = log && failedStep(log);
  const where = step ? ` at “${step.step_name}”` : "";
  const why = log?.reason ? `: ${brief(log.reason.message)}` : ".";
  const remedies = log?.reason && vscode.workspace.isTrusted ? remediesOf(log.reason).slice(0, log.plan ? 1 : 2) : [];
  const buttons: Button[] = [...onwards(deployment, remedies), ...remedies, "Open Log"];
  const chosen = await offer("error", `Deployment of ${name} ${summary.status}${where}${why}`, buttons);
  const remedy = remedies.find(({ label }) => label === chosen);
  await (remedy ? onRemedy(deployment, remedy) : act(deployment, chosen));
}

/** How to go on where no remedy says it; where nothing is run, what would have to be changed first. */
function onwards({ log }: Deployment, remedies: readonly Remedy[]): Button[] {
  if (!vscode.workspace.isTrusted) {
    return ["Manage Workspace Trust"];
  }
  return log?.plan ? ["Retry"] : remedies.length === 0 ? ["Deploy Again"] : [];
}

async function act({ id }: Deployment, chosen: string | undefined): Promise<void> {
  const command = ACTIONS[chosen ?? ""];
  if (command !== undefined) {
    await vscode.commands.executeCommand(command, { deploymentId: id });
  }
}
