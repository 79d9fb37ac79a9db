/** Deploy…: a few picks, the last choice first. The second time one Enter is enough. */
import * as vscode from "vscode";
import { type Choice, describe } from "../deploy/choice";
import { pick } from "../views/pick";
import { chooseAnew } from "./chooseSteps";
import type { Services } from "./services";
import { start } from "./start";

export async function deploy(services: Services, given?: Choice): Promise<void> {
  const choice = given ?? (await choose(services, "Deploy", true));
  if (choice !== undefined) {
    await start(services, choice);
  }
}

/** A choice of before, or a new one; undefined when it was dismissed. */
export async function choose(services: Services, title: string, starting: boolean): Promise<Choice | undefined> {
  const before = services.memory.choices();
  if (before.length === 0) {
    return chooseAnew(services, title, starting);
  }
  const items = [
    ...before.map((choice) => ({
      label: `$(history) ${describe(choice)}`,
      description: again(choice),
      value: choice as Choice | "anew",
    })),
    { label: "$(add) Something else…", description: "", value: "anew" as const },
  ];
  const outcome = await pick(items, { title, placeholder: "The last choice is first: Enter takes it" });
  if (typeof outcome === "string") {
    return undefined;
  }
  return outcome.value === "anew" ? chooseAnew(services, title, starting) : { ...outcome.value, approval: "never" };
}

function again(choice: Choice): string {
  const folder = vscode.workspace.workspaceFolders?.some(({ uri }) => uri.fsPath === choice.repo);
  return folder ? "this folder" : choice.repo;
}
