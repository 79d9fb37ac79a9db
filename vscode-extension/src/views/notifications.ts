/** One notification at the end of each deployment that this window saw running. */
import * as vscode from "vscode";
import { remedyFor } from "../deploy/choice";
import { duration } from "../format";
import { COMMANDS } from "../ids";
import { failedStep } from "../state/log";
import type { Deployment, DeploymentStore } from "../state/store";
import { deploymentName } from "../tree/rows";

const REMEDY_LABELS = { start: "Set Start Command…", subdir: "Choose Folder…", envFile: "Choose Env File…" } as const;

export class Notifications implements vscode.Disposable {
  private readonly subscription: { dispose(): void };

  constructor(
    store: DeploymentStore,
    private readonly onRemedy: (deployment: Deployment) => Promise<void>,
  ) {
    this.subscription = store.onDidChange((change) => {
      if (change.kind === "event" && change.event.method === "deploy/finished") {
        void this.ended(change.deployment);
      }
    });
  }

  dispose(): void {
    this.subscription.dispose();
  }

  private async ended(deployment: Deployment): Promise<void> {
    const { log } = deployment;
    const name = deploymentName(deployment);
    const status = deployment.summary.status;
    if (status === "cancelled" || status === "aborted") {
      return; // whoever did that knows
    }
    if (status === "success") {
      const took = duration((log?.summary?.duration_seconds ?? 0) * 1000);
      const message = log?.app ? `${name} is running at ${log.app.url} (deployed in ${took}).` : `${name} was deployed in ${took}.`;
      const open = log?.app ? ["Open in Browser"] : [];
      await this.act(deployment, await vscode.window.showInformationMessage(message, ...open, "Open Log"));
      return;
    }
    const step = log && failedStep(log);
    const where = step ? ` at “${step.step_name}”` : "";
    const why = log?.reason ? `: ${log.reason.message.split("\n", 1)[0]}` : ".";
    const remedy = remedyFor(log?.reason?.kind ?? "");
    const first = remedy ? REMEDY_LABELS[remedy] : log?.plan ? "Retry" : "Deploy Again";
    await this.act(
      deployment,
      await vscode.window.showErrorMessage(`Deployment of ${name} ${status}${where}${why}`, first, "Open Log"),
    );
  }

  private async act(deployment: Deployment, chosen: string | undefined): Promise<void> {
    const commands: Record<string, string> = {
      "Deploy Again": COMMANDS.deployAgain,
      "Open in Browser": COMMANDS.openApp,
      "Open Log": COMMANDS.openLog,
      Retry: COMMANDS.retry,
    };
    const command = commands[chosen ?? ""];
    if (command !== undefined) {
      await vscode.commands.executeCommand(command, { deploymentId: deployment.id });
    } else if (chosen !== undefined) {
      await this.onRemedy(deployment);
    }
  }
}
