/** What commands work with, and the ways from a command's argument to what it is about. */
import * as vscode from "vscode";
import type { Memory } from "../deploy/memory";
import { plain } from "../deploy/text";
import { clock, moment } from "../format";
import { ICONS } from "../icons";
import type { AppState } from "../protocol";
import type { ServerClient } from "../server/client";
import type { Deployment, DeploymentStore, Send } from "../state/store";
import type { AppNode } from "../tree/apps";
import type { Node } from "../tree/model";
import { deploymentName } from "../tree/rows";
import type { AppsView } from "../views/apps";
import type { DeploymentsView } from "../views/deployments";
import type { PlanDocuments } from "../views/documents";
import type { GitHubSignIn } from "../views/gitHub";
import { pickOne } from "../views/pick";
import type { Questions } from "../views/questions";

export interface Services {
  readonly client: ServerClient;
  readonly send: Send;
  readonly store: DeploymentStore;
  readonly memory: Memory;
  readonly view: DeploymentsView;
  readonly apps: AppsView;
  readonly questions: Questions;
  readonly gitHub: GitHubSignIn;
  readonly plans: PlanDocuments;
  /** Keys of models. */
  readonly secrets: vscode.SecretStorage;
  readonly log: vscode.LogOutputChannel;
}

/** What the tree, a notification or a key binding passes to a command. */
export type Target = Node | { deploymentId: string } | undefined;

export type Command = (services: Services, ...args: never[]) => Promise<unknown>;

/** The deployment a command is about: the one it was called on, the only one that fits, or the user's choice. */
export async function deploymentOf(
  { store }: Services,
  target: Target,
  fits: (deployment: Deployment) => boolean,
  title: string,
): Promise<Deployment | undefined> {
  if (target !== undefined) {
    await store.load(target.deploymentId);
    return store.get(target.deploymentId);
  }
  const found = store.all().filter(fits);
  const chosen = found.length < 2 ? found[0] : await pickOne(found.map(item), title, "Which deployment?");
  if (chosen === undefined) {
    if (found.length === 0) {
      void vscode.window.showInformationMessage(`${title}: there is no deployment for that.`);
    }
    return undefined;
  }
  await store.load(chosen.id);
  return store.get(chosen.id);
}

function item(deployment: Deployment): vscode.QuickPickItem & { value: Deployment } {
  const { status, startTime, target } = deployment.summary;
  const icon = status in ICONS ? ICONS[status as keyof typeof ICONS].codicon : "circle-outline";
  const description = `${status} · ${clock(moment(startTime), Date.now())} · ${target}`;
  return { label: `$(${icon}) ${plain(deploymentName(deployment))}`, description, value: deployment };
}

/** The same for an app. */
export async function appOf(
  { apps }: Services,
  node: AppNode | undefined,
  fits: (app: AppState) => boolean,
  title: string,
): Promise<AppState | undefined> {
  if (node?.app !== undefined) {
    return node.app;
  }
  await apps.update();
  const found = apps.all().filter(fits);
  if (found.length === 0) {
    void vscode.window.showInformationMessage(`${title}: there is no app for that.`);
    return undefined;
  }
  const items = found.map((app) => ({
    label: plain(app.name),
    description: plain(`${app.status} · ${app.url ?? app.deployDir}`),
    value: app,
  }));
  return found.length === 1 ? found[0] : pickOne(items, title, "Which app?");
}
