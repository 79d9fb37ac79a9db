/** Starting a deployment, and what a refusal asks for before the next try. */
import * as vscode from "vscode";
import { type Choice, choiceOf, isAccepted, newDeploymentId, startParams } from "../deploy/choice";
import { type Remedy, remediesOf } from "../deploy/remedies";
import { plain } from "../deploy/text";
import { COMMANDS } from "../ids";
import type { Reason, RepoFacts } from "../protocol";
import { type Deployment, isRunning } from "../state/store";
import { pickOne } from "../views/pick";
import type { Services } from "./services";

export async function start(services: Services, choice: Choice): Promise<void> {
  const overrides = choice.overrides ?? services.memory.overrides(choice);
  const gitCredential = choice.gitCredential ?? (await services.gitHub.known(choice.repo));
  const full = { ...choice, ...(overrides && { overrides }), ...(gitCredential && { gitCredential }) };
  const { deploymentId } = await services.send("deploy/start", startParams(full, newDeploymentId(new Date())));
  await services.memory.remember(full);
  rememberAccepted(services, deploymentId, full);
  await vscode.commands.executeCommand(COMMANDS.showView, { preserveFocus: true });
  services.view.reveal(deploymentId);
}

/** Once the deployment runs something, its app's plan need not be shown unasked again. */
function rememberAccepted({ store, memory }: Services, id: string, choice: Choice): void {
  const look = (): void => {
    const deployment = store.get(id);
    const accepted = isAccepted(deployment?.log);
    if (accepted) {
      void memory.accepted(choice);
    }
    if (accepted || (deployment !== undefined && !isRunning(deployment))) {
      following.dispose();
    }
  };
  const following = store.onDidChange(look);
  look();
}

/** Ask for what the refusal of a deployment named, and deploy again with it. */
export async function remedy(services: Services, { log }: Deployment, chosen: Remedy): Promise<void> {
  const choice = choiceOf(log?.request ?? {});
  const better = choice && (await withRemedy(choice, chosen, log?.reason?.message ?? "", log?.repo ?? undefined));
  if (better !== undefined) {
    await start(services, better);
  }
}

/** The choice with what was missing; undefined when nothing is asked for, or the question was dismissed. */
export async function remedied(choice: Choice, reason: Reason): Promise<Choice | undefined> {
  const [best] = remediesOf(reason);
  return best && withRemedy(choice, best, reason.message);
}

async function withRemedy(choice: Choice, { asks, ...remedy }: Remedy, why: string, repo?: RepoFacts): Promise<Choice | undefined> {
  const title = remedy.label.replace("…", "");
  if (asks === "envFile") {
    const options = { title: remedy.prompt, openLabel: "Use This File", canSelectMany: false };
    const [file] = (await vscode.window.showOpenDialog(options)) ?? [];
    return file && { ...choice, envFile: file.fsPath };
  }
  if (asks === "subdir" && repo?.candidates?.length) {
    const items = repo.candidates.map(({ path, kind }) => ({ label: plain(path), description: kind, value: path }));
    const subdir = await pickOne(items, title, "Folders that look like an app");
    return subdir === undefined ? undefined : { ...choice, subdir };
  }
  const ofChoice = asks === "subdir" || asks === "ref";
  const given = (value: string): Choice =>
    ofChoice ? { ...choice, [asks]: value } : { ...choice, overrides: { ...choice.overrides, [asks]: value } };
  if (ofChoice && remedy.values.length > 1) {
    const items = remedy.values.map((value) => ({ label: plain(value), description: "", value }));
    const picked = await pickOne(items, title, remedy.prompt);
    return picked === undefined ? undefined : given(picked);
  }
  const known = ofChoice ? choice[asks] : choice.overrides?.[asks];
  const prompt = `${why.split("\n", 1)[0]} ${remedy.prompt}:`;
  const typed = await vscode.window.showInputBox({ title, prompt, value: remedy.values[0] ?? known ?? "", ignoreFocusOut: true });
  const value = typed?.trim();
  return value ? given(value) : undefined;
}
