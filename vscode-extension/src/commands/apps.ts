/** Start, stop, restart and roll back apps, and read their logs. */
import * as vscode from "vscode";
import type { AppState, Requests } from "../protocol";
import type { AppNode } from "../tree/apps";
import { appLogUri } from "../views/appLog";
import { pickOne } from "../views/pick";
import { appOf, type Services } from "./services";

type Verb = "deploy/startApp" | "deploy/stopApp" | "deploy/restartApp" | "deploy/rollback";

export async function startApp(services: Services, node?: AppNode): Promise<void> {
  await apply(services, await appOf(services, node, (app) => app.status !== "running", "Start App"), "deploy/startApp", "Starting");
}

export async function stopApp(services: Services, node?: AppNode): Promise<void> {
  await apply(services, await appOf(services, node, (app) => app.status === "running", "Stop App"), "deploy/stopApp", "Stopping");
}

export async function restartApp(services: Services, node?: AppNode): Promise<void> {
  await apply(services, await appOf(services, node, () => true, "Restart App"), "deploy/restartApp", "Restarting");
}

export async function rollBack(services: Services, node?: AppNode): Promise<void> {
  const app = await appOf(services, node, (other) => (other.releases ?? []).length > 1, "Roll Back");
  const others = (app?.releases ?? []).filter((release) => release !== app?.release);
  if (app === undefined || others.length === 0) {
    return;
  }
  const items = others.map((release) => ({ label: release, description: "", value: release }));
  const release = await pickOne(items, `Roll back ${app.name}`, `Now: ${app.release ?? "?"}. Go back to which release?`);
  if (release !== undefined) {
    await apply(services, app, "deploy/rollback", "Rolling back", { release });
  }
}

export async function openAppLog(services: Services, node?: AppNode): Promise<void> {
  const app = await appOf(services, node, () => true, "Open App Log");
  if (app !== undefined) {
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(appLogUri(app)), { preview: true });
  }
}

async function apply(services: Services, app: AppState | undefined, verb: Verb, doing: string, more: object = {}): Promise<void> {
  if (app === undefined) {
    return;
  }
  const options = { location: vscode.ProgressLocation.Window, title: `${doing} ${app.name}` };
  const params = { deployDir: app.deployDir, ...more } as Requests[Verb]["params"];
  try {
    await vscode.window.withProgress(options, () => services.send(verb, params));
  } finally {
    await services.apps.update();
  }
}
