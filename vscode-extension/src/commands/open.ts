/** Opening what a deployment made: its log, a command's output, its app. */
import * as vscode from "vscode";
import { plain } from "../deploy/text";
import { oneLine } from "../format";
import type { CommandRecord, CurrentCommand } from "../protocol";
import { type Deployment, isRunning } from "../state/store";
import type { AppNode } from "../tree/apps";
import type { Node } from "../tree/model";
import { outputUri } from "../views/documents";
import { pickOne } from "../views/pick";
import { appOf, deploymentOf, type Services, type Target } from "./services";

/** The log file in the editor. It is ours to write, so it is read-only there, and follows the file. */
export async function openLog(services: Services, target?: Target): Promise<void> {
  const deployment = await deploymentOf(services, target, () => true, "Open Log");
  if (deployment !== undefined) {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(deployment.logUri));
    await vscode.window.showTextDocument(document, { preview: false });
    await vscode.commands.executeCommand("workbench.action.files.setActiveEditorReadonlyInSession");
  }
}

export async function openOutput(services: Services, node?: Node, options?: { preview: boolean }): Promise<void> {
  const found = await commandOf(services, node, "Open Command Output");
  if (found !== undefined) {
    const document = await vscode.workspace.openTextDocument(
      outputUri(found.deploymentId, found.told.id ?? "", oneLine(found.told.command, 40)),
    );
    await vscode.window.showTextDocument(document, { preview: true, preserveFocus: options?.preview ?? false });
  }
}

export async function copyCommand(services: Services, node?: Node): Promise<void> {
  const found = await commandOf(services, node, "Copy Command");
  if (found !== undefined) {
    await vscode.env.clipboard.writeText(found.told.command);
  }
}

/** In the browser of whoever looks: the editor forwards the port where the app is on another machine. */
export async function openApp(services: Services, target?: Target | AppNode): Promise<void> {
  const url = await urlOf(services, target);
  if (url) {
    await vscode.env.openExternal(await vscode.env.asExternalUri(vscode.Uri.parse(url)));
  }
}

async function urlOf(services: Services, target: Target | AppNode): Promise<string | null | undefined> {
  if (target !== undefined && "deploymentId" in target) {
    return (await deploymentOf(services, target, () => true, "Open App"))?.log?.app?.url;
  }
  return (await appOf(services, target, (app) => app.status === "running", "Open App in Browser"))?.url;
}

interface FoundCommand {
  readonly deploymentId: string;
  readonly told: CommandRecord | CurrentCommand;
}

/** The command a row stands for; without a row, one of a deployment's, the last (the one that runs, or failed) first. */
async function commandOf(services: Services, node: Node | undefined, title: string): Promise<FoundCommand | undefined> {
  const told = node && services.view.tree.command(node);
  if (node !== undefined && told !== undefined) {
    return { deploymentId: node.deploymentId, told };
  }
  const deployment = await deploymentOf(services, node, () => true, title);
  return deployment && pickOne(commandItems(deployment), title, "Which command?");
}

function commandItems(deployment: Deployment): (vscode.QuickPickItem & { value: FoundCommand })[] {
  const steps = deployment.log?.steps ?? [];
  const current = isRunning(deployment) ? steps.at(-1)?.current_command : undefined;
  const ended = steps.flatMap((step) => (step.commands ?? []).map((record) => ({ step, record }))).reverse();
  const items = ended.map(({ step, record }) => ({
    label: `$(${record.success ? "pass" : "error"}) ${plain(record.command.slice(0, 200))}`,
    description: plain(step.step_name),
    value: { deploymentId: deployment.id, told: record },
  }));
  const running = current && {
    label: `$(loading~spin) ${plain(current.command.slice(0, 200))}`,
    description: "running",
    value: { deploymentId: deployment.id, told: current },
  };
  return running ? [running, ...items] : items;
}
