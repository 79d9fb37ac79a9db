/** Opening what a deployment made: its log, a command's output, its app, the output of all. */
import * as vscode from "vscode";
import { plain } from "../deploy/text";
import type { CommandRecord, CurrentCommand, DeploymentLog } from "../protocol";
import { commandKey } from "../state/log";
import { type Deployment, isRunning } from "../state/store";
import type { AppNode } from "../tree/apps";
import { isNode } from "../tree/model";
import { outputUri } from "../views/documents";
import { pickOne } from "../views/pick";
import { showAtEnd } from "../views/tail";
import { isUp } from "./apps";
import type { Target } from "./called";
import { anyOf, appOf, deploymentOf, type Services, type Unfit } from "./services";

/** The log file in the editor. It is ours to write, so it is read-only there, and follows the file. */
export async function openLog(services: Services, target?: Target): Promise<void> {
  const deployment = await deploymentOf(services, target, anyOf, "Open Log");
  if (deployment !== undefined) {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(deployment.logUri));
    await vscode.window.showTextDocument(document, { preview: false });
    await readOnly(document);
  }
}

/** The editor knows this only of the active one: another may have come to the front while this one was being opened. */
async function readOnly(document: vscode.TextDocument): Promise<void> {
  const isActive = (editor = vscode.window.activeTextEditor): boolean => editor?.document === document;
  if (!isActive()) {
    await new Promise<void>((resolve) => {
      const waiting = [
        vscode.window.onDidChangeActiveTextEditor((editor) => isActive(editor) && done()),
        vscode.workspace.onDidCloseTextDocument((closed) => closed === document && done()),
      ];
      const done = (): void => {
        resolve();
        for (const one of waiting) {
          one.dispose();
        }
      };
    });
  }
  if (isActive()) {
    await vscode.commands.executeCommand("workbench.action.files.setActiveEditorReadonlyInSession");
  }
}

export async function openOutput(services: Services, target?: Target): Promise<void> {
  const found = await commandOf(services, target, "Open Command Output");
  if (found !== undefined) {
    await showAtEnd(outputUri(found.deploymentId, found.key, found.told.command), { preview: true });
  }
}

export async function copyCommand(services: Services, target?: Target): Promise<void> {
  const found = await commandOf(services, target, "Copy Command");
  if (found !== undefined) {
    await vscode.env.clipboard.writeText(found.told.command);
  }
}

/** The output of all deployments, as it comes. */
export async function showOutput({ output }: Services): Promise<void> {
  output.show();
}

/** In the browser of whoever looks: the editor forwards the port where the app is on another machine. */
export async function openApp(services: Services, target?: Target | AppNode): Promise<void> {
  const url = await urlOf(services, target);
  if (url) {
    await vscode.env.openExternal(await vscode.env.asExternalUri(vscode.Uri.parse(url)));
  }
}

async function urlOf(services: Services, target: Target | AppNode | undefined): Promise<string | null | undefined> {
  const title = "Open App in Browser";
  if (target !== undefined && "deploymentId" in target) {
    return (await deploymentOf(services, target, hasApp, title))?.log?.app?.url;
  }
  return (await appOf(services, target, isUp, title))?.url;
}

const hasApp: Unfit<Deployment> = ({ log }) => (log?.app?.url ? undefined : "has brought up no app.");

/** It ran a command; of a log that is not read yet that is not known. */
const hasCommands: Unfit<Deployment> = (deployment) =>
  deployment.log === undefined || commandItems(deployment, deployment.log).length > 0 ? undefined : "has run no command.";

interface FoundCommand {
  readonly deploymentId: string;
  readonly key: string;
  readonly told: CommandRecord | CurrentCommand;
}

/** The command a row stands for; without a row, one of a deployment's, the last (the one that runs, or failed) first. */
async function commandOf(services: Services, target: Target | undefined, title: string): Promise<FoundCommand | undefined> {
  const deployment = await deploymentOf(services, target, hasCommands, title);
  if (deployment?.log === undefined) {
    return undefined;
  }
  const told = target && isNode(target) ? services.view.tree.command(target) : undefined;
  return told
    ? { deploymentId: deployment.id, key: commandKey(deployment.log, told), told }
    : pickOne(commandItems(deployment, deployment.log), title, "Which command?");
}

function commandItems(deployment: Deployment, log: DeploymentLog): (vscode.QuickPickItem & { value: FoundCommand })[] {
  const steps = log.steps ?? [];
  const found = (told: CommandRecord | CurrentCommand): FoundCommand => ({
    deploymentId: deployment.id,
    key: commandKey(log, told),
    told,
  });
  const current = isRunning(deployment) ? steps.at(-1)?.current_command : undefined;
  const ended = steps.flatMap((step) => (step.commands ?? []).map((record) => ({ step, record }))).reverse();
  const items = ended.map(({ step, record }) => ({
    label: `$(${record.success ? "pass" : "error"}) ${plain(record.command.slice(0, 200))}`,
    description: plain(step.step_name),
    value: found(record),
  }));
  const running = current && {
    label: `$(loading~spin) ${plain(current.command.slice(0, 200))}`,
    description: "running",
    value: found(current),
  };
  return running ? [running, ...items] : items;
}
