/** The choices of this workspace, last first, and for each app what it was told after a refusal. */
import type { Overrides } from "../protocol";
import type { Choice } from "./choice";
import { withoutLogin } from "./text";

/** The part of `vscode.Memento` that is used. */
export interface Memento {
  get<T>(key: string, fallback: T): T;
  update(key: string, value: unknown): Thenable<void>;
}

type App = Pick<Choice, "repo" | "subdir" | "subdirs">;

const CHOICES = "choices";
const OVERRIDES = "overrides";
const SIGN_INS = "signIns";
const KEPT = 10;

export class Memory {
  constructor(private readonly memento: Memento) {}

  /** Last first. */
  choices(): Choice[] {
    return this.memento.get<Choice[]>(CHOICES, []).map(cleaned);
  }

  /** The login of a URL is for the one request; it is not kept. */
  async remember(choice: Choice): Promise<void> {
    const kept = cleaned(choice);
    const others = this.choices().filter((other) => keyOf(other) !== keyOf(kept));
    await this.memento.update(CHOICES, [kept, ...others].slice(0, KEPT));
    if (kept.overrides !== undefined) {
      await this.memento.update(OVERRIDES, { ...this.allOverrides(), [keyOf(kept)]: kept.overrides });
    }
  }

  /** A plan of this app was agreed to: from now on the settings say what needs approval. */
  async accepted(app: App): Promise<void> {
    await this.change(app, (choice) => (choice.approval === "plan" ? { ...choice, approval: "never" } : choice));
  }

  /** Forget what this app was told after refusals. */
  async forgetOverrides(app: App): Promise<void> {
    const { [keyOf(app)]: _, ...others } = this.allOverrides();
    await this.memento.update(OVERRIDES, others);
    await this.change(app, ({ overrides: _, ...choice }) => choice);
  }

  /** What was chosen last in this repository, or for this app of it. */
  last(repo: string, subdir?: string | null): Choice | undefined {
    const known = withoutLogin(repo);
    return this.choices().find((choice) => choice.repo === known && (subdir === undefined || (choice.subdir ?? null) === subdir));
  }

  overrides(app: App): Overrides | undefined {
    return this.allOverrides()[keyOf(app)];
  }

  /** Whether the user agreed that the editor's own sign-in is used for this git server. */
  signsIn(host: string): boolean {
    return this.memento.get<string[]>(SIGN_INS, []).includes(host);
  }

  async rememberSignIn(host: string): Promise<void> {
    await this.memento.update(SIGN_INS, [...new Set([...this.memento.get<string[]>(SIGN_INS, []), host])]);
  }

  private allOverrides(): Record<string, Overrides> {
    return this.memento.get<Record<string, Overrides>>(OVERRIDES, {});
  }

  private async change(app: App, changed: (choice: Choice) => Choice): Promise<void> {
    const choices = this.choices().map((choice) => (keyOf(choice) === keyOf(app) ? changed(choice) : choice));
    await this.memento.update(CHOICES, choices);
  }
}

function cleaned({ gitCredential: _, ...choice }: Choice): Choice {
  return { ...choice, repo: withoutLogin(choice.repo) };
}

function keyOf({ repo, subdir, subdirs }: App): string {
  return `${withoutLogin(repo)}#${subdirs?.join(",") ?? subdir ?? ""}`;
}
