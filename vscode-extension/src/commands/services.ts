/** What commands work with, and the ways from a command's argument to what it is about. */
import * as vscode from "vscode";
import type { Memory } from "../deploy/memory";
import { plain } from "../deploy/text";
import { clock, moment } from "../format";
import { ICONS } from "../icons";
import type { AppState } from "../protocol";
import type { ServerClient } from "../server/client";
import { type Deployment, type DeploymentStore, isControllable, isRunning, type Send } from "../state/store";
import type { AppNode } from "../tree/apps";
import { deploymentName } from "../tree/rows";
import type { AppsView } from "../views/apps";
import type { DeploymentsView } from "../views/deployments";
import type { PlanDocuments } from "../views/documents";
import type { GitHubSignIn } from "../views/gitHub";
import type { DeploymentOutput } from "../views/output";
import { pickOne } from "../views/pick";
import type { Questions } from "../views/questions";
import type { Target } from "./called";

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
  readonly output: DeploymentOutput;
  /** Keys of models. */
  readonly secrets: vscode.SecretStorage;
  readonly log: vscode.LogOutputChannel;
}

/** Why a command is not for a deployment, or an app: the rest of a sentence that begins with its name. Undefined: it is. */
export type Unfit<T> = (what: T) => string | undefined;

export const anyOf = (): undefined => undefined;

export const hasEnded: Unfit<Deployment> = (deployment) => (isRunning(deployment) ? "is still running." : undefined);

/** It runs, and listens to us. */
export const isOurs: Unfit<Deployment> = (deployment) => {
  if (!isRunning(deployment)) {
    return `has ended (${deployment.summary.status}).`;
  }
  return isControllable(deployment) ? undefined : "was started elsewhere, and can be controlled only there.";
};

/** The deployment a command is about: the one it was called on, the only one that fits, or the user's choice. */
export async function deploymentOf(
  { store }: Services,
  target: Target | undefined,
  unfit: Unfit<Deployment>,
  title: string,
): Promise<Deployment | undefined> {
  const id = target?.deploymentId ?? (await choose(store, unfit, title));
  if (id === undefined) {
    return undefined;
  }
  await store.load(id);
  const found = store.get(id);
  return fitting(found, found && deploymentName(found), "The deployment", unfit, title);
}

async function choose(store: DeploymentStore, unfit: Unfit<Deployment>, title: string): Promise<string | undefined> {
  const found = store.all().filter((deployment) => unfit(deployment) === undefined);
  if (found.length === 0) {
    void vscode.window.showInformationMessage(`${title}: there is no deployment for that.`);
  }
  return (found.length < 2 ? found[0] : await pickOne(found.map(item), title, "Which deployment?"))?.id;
}

/** The row may be older than what has happened since: then a sentence says what, and nothing is done. */
function fitting<T>(found: T | undefined, name: string | undefined, kind: string, unfit: Unfit<T>, title: string): T | undefined {
  const why = found === undefined ? "is not there any more." : unfit(found);
  if (why !== undefined) {
    void vscode.window.showInformationMessage(`${title}: ${name ?? kind} ${why}`);
    return undefined;
  }
  return found;
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
  unfit: Unfit<AppState>,
  title: string,
): Promise<AppState | undefined> {
  await apps.update();
  if (node !== undefined) {
    const now = apps.all().find(({ deployDir }) => deployDir === node.app.deployDir);
    return fitting(now, node.app.name, "The app", unfit, title);
  }
  const found = apps.all().filter((app) => unfit(app) === undefined);
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
