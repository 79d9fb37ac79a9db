/** Starting a deployment, and what a refusal asks for before the next try. */
import * as vscode from "vscode";
import { type Choice, choiceOf, newDeploymentId, remedyFor, startParams } from "../deploy/choice";
import { COMMANDS } from "../ids";
import type { Kind, RepoFacts } from "../protocol";
import type { Deployment } from "../state/store";
import { pickOne } from "../views/pick";
import type { Services } from "./services";

export async function start(services: Services, choice: Choice): Promise<void> {
  const overrides = choice.overrides ?? services.memory.overrides(choice);
  const full = overrides === undefined ? choice : { ...choice, overrides };
  await services.memory.remember(full);
  const { deploymentId } = await services.send("deploy/start", startParams(full, newDeploymentId(new Date())));
  await vscode.commands.executeCommand(COMMANDS.showView, { preserveFocus: true });
  services.view.reveal(deploymentId);
}

/** Ask for what the refusal named, and deploy again with it. */
export async function remedy(services: Services, { log }: Deployment): Promise<void> {
  const choice = choiceOf(log?.request ?? {});
  const reason = log?.reason;
  if (choice === undefined || !reason) {
    return;
  }
  const better = await remedied(choice, reason.kind, reason.message, log?.repo ?? undefined);
  if (better !== undefined) {
    await start(services, better);
  }
}

/** The choice with what was missing; undefined when the user dismissed the question. */
export async function remedied(choice: Choice, kind: Kind | string, why: string, repo?: RepoFacts): Promise<Choice | undefined> {
  switch (remedyFor(kind)) {
    case "start": {
      const prompt = `${why.split("\n", 1)[0]} The command that starts it (PORT is set):`;
      const value = choice.overrides?.start ?? "";
      const command = await vscode.window.showInputBox({ title: "Start command", prompt, value, ignoreFocusOut: true });
      return command?.trim() ? { ...choice, overrides: { ...choice.overrides, start: command.trim() } } : undefined;
    }
    case "subdir": {
      const subdir = await chooseSubdir(repo);
      return subdir ? { ...choice, subdir } : undefined;
    }
    case "envFile": {
      const chosen = await vscode.window.showOpenDialog({
        title: "Variables for the app",
        openLabel: "Use This File",
        canSelectMany: false,
      });
      return chosen?.[0] ? { ...choice, envFile: chosen[0].fsPath } : undefined;
    }
    default:
      return undefined;
  }
}

async function chooseSubdir(repo: RepoFacts | undefined): Promise<string | undefined> {
  const items = (repo?.candidates ?? []).map(({ path, kind }) => ({ label: path, description: kind, value: path }));
  if (items.length > 0) {
    return pickOne(items, "Folder to deploy", "Folders that look like an app");
  }
  return vscode.window.showInputBox({ title: "Folder to deploy", prompt: "Path inside the repository", ignoreFocusOut: true });
}
