/** Deploy…: a few picks, the last choice first. The second time one Enter is enough. */
import * as vscode from "vscode";
import { appName, type Choice, describe, describeOverrides, isFolder } from "../deploy/choice";
import { plain } from "../deploy/text";
import { counted, joined } from "../format";
import { pick } from "../views/pick";
import { chooseAnew } from "./chooseSteps";
import type { Services } from "./services";
import { start } from "./start";

export async function deploy(services: Services): Promise<void> {
  const choice = await choose(services, "Deploy", true);
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
  const options = { title, placeholder: "The last choice is first: Enter takes it" };
  const outcome = await pick(
    items(services, before),
    options,
    leftOut(services, before).then((counts) => items(services, before, counts)),
  );
  if (typeof outcome === "string") {
    return undefined;
  }
  if (outcome.value !== "anew" && "forget" in outcome.value) {
    await services.memory.forgetOverrides(outcome.value.forget);
    return choose(services, title, starting);
  }
  return outcome.value === "anew" ? chooseAnew(services, title, starting) : outcome.value;
}

type Item = vscode.QuickPickItem & { value: Choice | { forget: Choice } | "anew" };

function items({ memory }: Services, before: readonly Choice[], uncommitted: readonly (number | undefined)[] = []): Item[] {
  const told = before.map((choice) => describeOverrides(choice.overrides ?? memory.overrides(choice)));
  return [
    ...before.map((choice, index) => ({
      label: `$(history) ${plain(describe(choice))}`,
      description: plain(joined(", ", where(choice), changes(choice, uncommitted[index]), told[index])),
      value: choice,
    })),
    { label: "$(add) Something else…", description: "", value: "anew" as const },
    ...before.flatMap((choice, index) => (told[index] ? [forgetItem(choice, told[index])] : [])),
  ];
}

function forgetItem(choice: Choice, told: string): Item {
  return {
    label: `$(discard) Forget the answers for ${plain(appName(choice))}`,
    description: plain(told),
    value: { forget: choice },
  };
}

function where(choice: Choice): string {
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.fsPath === choice.repo);
  const only = vscode.workspace.workspaceFolders?.length === 1;
  return folder === undefined ? choice.repo : only ? "this folder" : `folder ${folder.name}`;
}

/** "" where there are none, or that is not known. */
function changes({ dirty }: Choice, uncommitted: number | undefined): string {
  return uncommitted ? `${counted(uncommitted, "uncommitted file")} ${dirty ? "taken along" : "left out"}` : "";
}

/** How many uncommitted files there are for each choice of a folder as it is now; they are never left out silently. */
function leftOut({ send }: Services, choices: readonly Choice[]): Promise<(number | undefined)[]> {
  const looked = new Map<string, Promise<number | undefined>>();
  const look = (choice: Choice): Promise<number | undefined> =>
    send("deploy/analyze", { repo: choice.repo }).then(
      ({ repo }) => repo.source.uncommitted ?? undefined,
      () => undefined, // it is not there any more: deploying says so
    );
  return Promise.all(
    choices.map((choice) => {
      if (!isFolder(choice) || choice.ref) {
        return undefined;
      }
      const found = looked.get(choice.repo) ?? look(choice);
      looked.set(choice.repo, found);
      return found;
    }),
  );
}
