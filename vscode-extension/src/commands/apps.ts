/** Start, stop, restart and roll back apps, and read their logs. */
import * as vscode from "vscode";
import type { AppState, Requests } from "../protocol";
import type { AppNode } from "../tree/apps";
import { appLogUri } from "../views/appLog";
import { pickOne } from "../views/pick";
import { showAtEnd } from "../views/tail";
import { anyOf, appOf, type Services, type Unfit } from "./services";

/** It runs. */
export const isUp: Unfit<AppState> = ({ status }) => (status === "running" ? undefined : "does not run.");
const isDown: Unfit<AppState> = ({ status }) => (status === "running" ? "is running already." : undefined);
const hasOthers: Unfit<AppState> = (app) => (othersOf(app).length > 0 ? undefined : "has no other release.");

type Verb = "deploy/startApp" | "deploy/stopApp" | "deploy/restartApp" | "deploy/rollback";

export async function startApp(services: Services, node?: AppNode): Promise<void> {
  await apply(services, await appOf(services, node, isDown, "Start App"), "deploy/startApp", "Starting");
}

export async function stopApp(services: Services, node?: AppNode): Promise<void> {
  await apply(services, await appOf(services, node, isUp, "Stop App"), "deploy/stopApp", "Stopping");
}

export async function restartApp(services: Services, node?: AppNode): Promise<void> {
  await apply(services, await appOf(services, node, anyOf, "Restart App"), "deploy/restartApp", "Restarting");
}

export async function rollBack(services: Services, node?: AppNode): Promise<void> {
  const app = await appOf(services, node, hasOthers, "Roll Back");
  if (app === undefined) {
    return;
  }
  const others = othersOf(app);
  const items = others.map((release) => ({ label: release, description: "", value: release }));
  const release = await pickOne(items, `Roll back ${app.name}`, `Now: ${app.release ?? "?"}. Go back to which release?`);
  if (release !== undefined) {
    await apply(services, app, "deploy/rollback", "Rolling back", { release });
  }
}

export async function openAppLog(services: Services, node?: AppNode): Promise<void> {
  const app = await appOf(services, node, anyOf, "Open App Log");
  if (app !== undefined) {
    await showAtEnd(appLogUri(app), { preview: true });
  }
}

function othersOf({ releases = [], release }: AppState): string[] {
  return releases.filter((other) => other !== release);
}

/** What was last asked of each app, by its directory: what is pressed meanwhile comes after it, rather than be refused. */
const lastAsked = new Map<string, Promise<unknown>>();

async function apply(services: Services, app: AppState | undefined, verb: Verb, doing: string, more: object = {}): Promise<void> {
  if (app === undefined) {
    return;
  }
  const options = { location: vscode.ProgressLocation.Window, title: `${doing} ${app.name}` };
  const params = { deployDir: app.deployDir, ...more } as Requests[Verb]["params"];
  const ask = (): Promise<unknown> => services.send(verb, params);
  const asked = (lastAsked.get(app.deployDir) ?? Promise.resolve()).then(ask, ask);
  lastAsked.set(app.deployDir, asked);
  try {
    await vscode.window.withProgress(options, () => asked);
  } finally {
    await services.apps.update();
  }
}
