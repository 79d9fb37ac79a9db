/** The choices of this workspace, last first, and for each app what it was told after a refusal. */
import type { Overrides } from "../protocol";
import type { Choice } from "./choice";

/** The part of `vscode.Memento` that is used. */
export interface Memento {
  get<T>(key: string, fallback: T): T;
  update(key: string, value: unknown): Thenable<void>;
}

const CHOICES = "choices";
const OVERRIDES = "overrides";
const KEPT = 10;

export class Memory {
  constructor(private readonly memento: Memento) {}

  /** Last first. */
  choices(): Choice[] {
    return this.memento.get<Choice[]>(CHOICES, []);
  }

  async remember(choice: Choice): Promise<void> {
    const others = this.choices().filter((other) => keyOf(other) !== keyOf(choice));
    await this.memento.update(CHOICES, [choice, ...others].slice(0, KEPT));
    if (choice.overrides !== undefined) {
      await this.memento.update(OVERRIDES, { ...this.memento.get(OVERRIDES, {}), [keyOf(choice)]: choice.overrides });
    }
  }

  /** What was chosen last in this repository, or for this app of it. */
  last(repo: string, subdir?: string | null): Choice | undefined {
    return this.choices().find((choice) => choice.repo === repo && (subdir === undefined || (choice.subdir ?? null) === subdir));
  }

  overrides(choice: Pick<Choice, "repo" | "subdir">): Overrides | undefined {
    return this.memento.get<Record<string, Overrides>>(OVERRIDES, {})[keyOf(choice)];
  }
}

function keyOf({ repo, subdir }: Pick<Choice, "repo" | "subdir">): string {
  return `${repo}#${subdir ?? ""}`;
}
