/** Quick picks with steps and a way back. */
import * as vscode from "vscode";

export type Outcome<T> = { value: T } | "back" | "cancelled";

export interface PickOptions {
  readonly title: string;
  readonly placeholder: string;
  readonly step?: number;
}

type Item<T> = vscode.QuickPickItem & { value: T };

/**
 * One choice, of items that may still have to be found. The first item is active: Enter takes it.
 * `better` brings the same items, better described.
 */
export function pick<T>(
  items: readonly Item<T>[] | Promise<readonly Item<T>[]>,
  options: PickOptions,
  better?: Promise<readonly Item<T>[]>,
): Promise<Outcome<T>> {
  const input = vscode.window.createQuickPick<Item<T>>();
  input.title = options.title;
  input.placeholder = options.placeholder;
  input.step = options.step;
  input.ignoreFocusOut = true;
  input.matchOnDescription = true;
  input.busy = true;
  void Promise.resolve(items).then((found) => {
    input.items = found;
    input.busy = better !== undefined;
  });
  void better?.then((described) => {
    const active = input.items.indexOf(input.activeItems[0] as Item<T>);
    input.items = described;
    input.activeItems = described.slice(Math.max(0, active)).slice(0, 1);
    input.busy = false;
  });
  input.buttons = (options.step ?? 1) > 1 ? [vscode.QuickInputButtons.Back] : [];
  return outcomeOf(input, () => input.activeItems[0] && { value: input.activeItems[0].value });
}

/** Several of the items, in the order in which they were ticked. */
export function pickSeveral<T>(items: readonly Item<T>[], title: string, placeholder: string): Promise<Outcome<T[]>> {
  const input = vscode.window.createQuickPick<Item<T>>();
  Object.assign(input, { title, placeholder, items, canSelectMany: true, ignoreFocusOut: true });
  let ticked: readonly Item<T>[] = [];
  input.onDidChangeSelection((now) => {
    ticked = [...ticked.filter((item) => now.includes(item)), ...now.filter((item) => !ticked.includes(item))];
  });
  return outcomeOf(input, () => (ticked.length > 0 ? { value: ticked.map(({ value }) => value) } : undefined));
}

export interface EnterOptions {
  readonly title: string;
  readonly step: number;
  readonly prompt: string;
  readonly placeholder: string;
  readonly value: string;
  readonly password?: boolean;
  /** Enter does nothing while it is empty. */
  readonly required?: boolean;
}

/** A text that is typed. */
export function enter(options: EnterOptions): Promise<Outcome<string>> {
  const input = vscode.window.createInputBox();
  const { title, step, prompt, placeholder, value, password = false } = options;
  Object.assign(input, { title, step, prompt, placeholder, value, password, ignoreFocusOut: true });
  input.buttons = step > 1 ? [vscode.QuickInputButtons.Back] : [];
  return outcomeOf(input, () => {
    const typed = input.value.trim();
    return typed === "" && options.required ? undefined : { value: typed };
  });
}

/** Shows it until something is accepted, or it is left. */
function outcomeOf<T>(
  input: vscode.QuickPick<vscode.QuickPickItem> | vscode.InputBox,
  accepted: () => { value: T } | undefined,
): Promise<Outcome<T>> {
  return new Promise((resolve) => {
    const end = (outcome: Outcome<T>): void => {
      resolve(outcome);
      input.dispose();
    };
    input.onDidTriggerButton(() => end("back"));
    input.onDidAccept(() => {
      const outcome = accepted();
      if (outcome !== undefined) {
        end(outcome);
      }
    });
    input.onDidHide(() => end("cancelled"));
    input.show();
  });
}

/** The items with the one that was chosen last in front. */
export function lastFirst<T>(items: readonly Item<T>[], last: T | undefined): Item<T>[] {
  return [...items.filter(({ value }) => value === last), ...items.filter(({ value }) => value !== last)];
}

/** A choice outside a sequence of steps; undefined when it was dismissed. */
export async function pickOne<T>(items: readonly Item<T>[], title: string, placeholder: string): Promise<T | undefined> {
  const outcome = await pick(items, { title, placeholder });
  return typeof outcome === "object" ? outcome.value : undefined;
}

export type Step = (number: number) => Promise<"next" | "back" | "cancelled" | "skipped">;

/** Go through the steps, back where the user wants to; false when it was cancelled. A step that has nothing to ask is passed by. */
export async function inSteps(steps: readonly Step[]): Promise<boolean> {
  const shown: number[] = [];
  for (let index = 0; index < steps.length; ) {
    const outcome = await steps[index]?.(shown.length + 1);
    if (outcome === "cancelled") {
      return false;
    }
    if (outcome === "back") {
      index = shown.pop() ?? 0;
      continue;
    }
    if (outcome === "next") {
      shown.push(index);
    }
    index += 1;
  }
  return true;
}
