/** The one item in the status bar, and the context keys that decide which commands are offered. */
import * as vscode from "vscode";
import { modelUse } from "../deploy/model";
import { joined, moment } from "../format";
import { COMMANDS, CONTEXTS } from "../ids";
import type { ServerState } from "../server/client";
import { type Deployment, type DeploymentStore, isControllable, isRetryable, isRunning, offers } from "../state/store";
import { deploymentName } from "../tree/rows";

const ENDED_ICONS: Record<string, string> = { success: "pass", failed: "error", interrupted: "debug-disconnect" };

/** What ended this long ago is still news in a window that was closed, or reloading, then. */
const NEWS_MS = 5 * 60_000;

export class Status implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem("autoDeployer.status", vscode.StatusBarAlignment.Left, 0);
  private readonly contexts = new Map<string, unknown>();
  private readonly subscription: { dispose(): void };
  /** What ended in this window, or shortly before it opened: only that is news. */
  private ended: Deployment | undefined;

  constructor(
    private readonly store: DeploymentStore,
    private server: ServerState,
  ) {
    this.item.name = "Auto-Deployer";
    this.item.command = COMMANDS.showView;
    this.subscription = store.onDidChange((change) => {
      if (change.kind === "event" && change.event.method === "deploy/finished") {
        this.ended = change.deployment;
      } else if (change.kind === "list") {
        this.ended = store.get(this.ended?.id ?? "") && this.ended; // what was deleted is no news any more
        this.ended ??= store.all().slice(0, 1).find(endedLately);
      }
      if (change.kind !== "output") {
        this.update();
      }
    });
    this.update();
  }

  serverChanged(state: ServerState): void {
    this.server = state;
    this.update();
  }

  hasApps(some: boolean): void {
    this.set(CONTEXTS.hasApps, some);
  }

  dispose(): void {
    this.subscription.dispose();
    this.item.dispose();
  }

  private update(): void {
    const all = this.store.all();
    const running = all.filter(isRunning);
    this.set(CONTEXTS.server, this.server);
    this.set(CONTEXTS.hasDeployments, all.length > 0);
    this.set(CONTEXTS.hasFailed, all.some(isRetryable));
    const ours = running.filter(isControllable);
    const offering = (option: string): Deployment[] => ours.filter((deployment) => offers(deployment, option));
    this.set(CONTEXTS.running, ours.length > 0);
    this.set(CONTEXTS.hasQuestion, ours.some(isAsking));
    this.set(CONTEXTS.offersRetry, offering("retry").length > 0);
    this.set(CONTEXTS.offersModel, offering("model").length > 0);
    this.set(
      CONTEXTS.offersHint,
      offering("retry").some(({ log }) => log?.config?.model),
    );
    const text = this.textOf(running);
    if (text === undefined) {
      this.item.hide();
      return;
    }
    this.item.text = text.icon === "" ? text.words : `$(${text.icon}) ${text.words}`;
    this.item.accessibilityInformation = { label: `Auto-Deployer: ${text.words}` };
    this.item.tooltip = joined("\n", `Auto-Deployer: ${text.words}`, modelUse((running[0] ?? this.ended)?.log));
    this.item.show();
  }

  private textOf(running: Deployment[]): { icon: string; words: string } | undefined {
    const first = running[0];
    if (this.server === "failed") {
      return { icon: "warning", words: "Auto-Deployer: no server" };
    }
    if (this.server === "restarting") {
      return { icon: "loading~spin", words: "Auto-Deployer: the server starts again" };
    }
    if (first !== undefined) {
      const asked = running.filter(isControllable).some(isAsking);
      const words = running.length > 1 ? `${running.length} deployments` : `Deploying ${deploymentName(first)}`;
      return asked ? { icon: "question", words: `${words}: a question` } : { icon: "loading~spin", words };
    }
    if (this.ended !== undefined) {
      const { status } = this.ended.summary;
      return { icon: ENDED_ICONS[status] ?? "circle-slash", words: `${deploymentName(this.ended)}: ${status}` };
    }
    return undefined;
  }

  private set(key: string, value: unknown): void {
    if (this.contexts.get(key) !== value) {
      this.contexts.set(key, value);
      void vscode.commands.executeCommand("setContext", key, value);
    }
  }
}

function isAsking({ log }: Deployment): boolean {
  return !!log?.pending_question;
}

function endedLately({ summary }: Deployment): boolean {
  return summary.status !== "running" && Date.now() - moment(summary.endTime) < NEWS_MS;
}
