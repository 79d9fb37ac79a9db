/** Deploy…: a few picks, the last choice first. The second time one Enter is enough. */
import * as vscode from "vscode";
import { type Choice, describe } from "../deploy/choice";
import { counted, joined } from "../format";
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
  const options = { title, placeholder: "The last choice is first: Enter takes it" };
  const outcome = await pick(
    items(before),
    options,
    leftOut(services, before).then((counts) => items(before, counts)),
  );
  if (typeof outcome === "string") {
    return undefined;
  }
  return outcome.value === "anew" ? chooseAnew(services, title, starting) : { ...outcome.value, approval: "never" };
}

function items(
  before: readonly Choice[],
  uncommitted: readonly number[] = [],
): (vscode.QuickPickItem & { value: Choice | "anew" })[] {
  return [
    ...before.map((choice, index) => ({
      label: `$(history) ${describe(choice)}`,
      description: joined(", ", where(choice), changes(choice, uncommitted[index] ?? 0)),
      value: choice,
    })),
    { label: "$(add) Something else…", description: "", value: "anew" as const },
  ];
}

function where({ repo }: Choice): string {
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.fsPath === repo);
  return folder === undefined ? repo : vscode.workspace.workspaceFolders?.length === 1 ? "this folder" : `folder ${folder.name}`;
}

function changes({ dirty }: Choice, uncommitted: number): string {
  return uncommitted === 0 ? "" : `${counted(uncommitted, "uncommitted file")} ${dirty ? "taken along" : "left out"}`;
}

/** How many uncommitted files there are for each choice of a folder as it is now; they are never left out silently. */
function leftOut({ send }: Services, choices: readonly Choice[]): Promise<number[]> {
  const looked = new Map<string, Promise<number>>();
  const look = (choice: Choice): Promise<number> =>
    send("deploy/analyze", { repo: choice.repo }).then(
      ({ repo }) => repo.source.uncommitted ?? 0,
      () => 0, // it is not there any more: deploying says so
    );
  return Promise.all(
    choices.map((choice) => {
      if (!choice.folder || choice.ref) {
        return 0;
      }
      const found = looked.get(choice.repo) ?? look(choice);
      looked.set(choice.repo, found);
      return found;
    }),
  );
}
