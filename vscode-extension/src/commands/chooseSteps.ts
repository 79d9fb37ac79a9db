/** The picks of a new choice: repository, snapshot, sub-folder, env file, target, approval. */
import { existsSync } from "node:fs";
import path from "node:path";
import * as vscode from "vscode";
import { type Choice, type SnapshotItem, snapshotItems, subdirItems, targetName } from "../deploy/choice";
import { SECTION } from "../ids";
import type { AnalyzeResult } from "../protocol";
import { inSteps, type Outcome, pick, type Step } from "../views/pick";
import type { Services } from "./services";

/** Ask step by step; undefined when it was dismissed. Without `starting` nothing will run, and nothing is asked about that. */
export async function chooseAnew(services: Services, title: string, starting: boolean): Promise<Choice | undefined> {
  const draft = new Draft(services, title);
  const done = await inSteps(draft.steps(starting));
  return done ? draft.choice : undefined;
}

const DEFAULT_BRANCH: SnapshotItem = { label: "The default branch", description: "", choice: { dirty: false } };

type Items<T> = readonly (vscode.QuickPickItem & { value: T })[];
type Editable = { -readonly [Field in keyof Choice]: Choice[Field] };

class Draft {
  readonly choice: Editable = { repo: "", folder: false, target: "local", approval: "plan" };
  private analysis: AnalyzeResult | undefined;

  constructor(
    private readonly services: Services,
    private readonly title: string,
  ) {}

  steps(starting: boolean): Step[] {
    return [
      (number) => this.repository(number),
      (number) => this.snapshot(number),
      (number) => this.subdir(number),
      (number) => this.envFile(number),
      (number) => this.target(number),
      ...(starting ? [(number: number) => this.approval(number)] : []),
    ];
  }

  private async repository(number: number): ReturnType<Step> {
    const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
    const items = [
      ...folders.map(({ name, uri }) => ({ label: `$(folder) ${name}`, description: uri.fsPath, value: uri.fsPath })),
      { label: "$(repo-clone) A git URL…", description: "https, ssh or file", value: "" },
    ];
    const outcome = await this.pick(number, "What to deploy", items);
    if (typeof outcome === "string") {
      return outcome;
    }
    this.choice.folder = outcome.value !== "";
    const repo = outcome.value || (await this.typed("Git URL", "https://…, ssh://… or git@host:owner/repository", ""));
    if (!repo) {
      return "cancelled";
    }
    this.choice.repo = repo;
    return "next";
  }

  private async snapshot(number: number): ReturnType<Step> {
    Object.assign(this.choice, { dirty: undefined, ref: undefined, subdir: undefined });
    const last = this.services.memory.last(this.choice.repo);
    const outcome = await this.pick(number, "Which state of it", this.snapshots(last));
    if (typeof outcome === "string") {
      return outcome;
    }
    this.choice.dirty = outcome.value?.dirty || undefined;
    if (outcome.value === undefined) {
      this.choice.ref = await this.typed("Branch, tag or commit", "What to deploy", last?.ref ?? "");
      if (!this.choice.ref) {
        return "cancelled";
      }
    }
    if (!this.choice.folder || this.choice.ref || this.choice.dirty) {
      await this.analyze();
    }
    return "next";
  }

  /** HEAD and working tree of a folder, which are looked at; of a URL the default branch; and any other ref. */
  private async snapshots(
    last: Choice | undefined,
  ): Promise<(vscode.QuickPickItem & { value: SnapshotItem["choice"] | undefined })[]> {
    if (this.choice.folder) {
      await this.analyze();
    }
    const offered = this.choice.folder ? snapshotItems(this.analysis?.repo) : [DEFAULT_BRANCH];
    const lastFirst = last?.dirty ? offered.toReversed() : offered;
    const items = lastFirst.map(({ label, description, choice }) => ({ label, description, value: choice }));
    return [...items, { label: "Another branch, tag or commit…", description: "", value: undefined }];
  }

  private async subdir(number: number): ReturnType<Step> {
    const items = this.analysis ? subdirItems(this.analysis) : [];
    if (items.length === 0) {
      return "skipped";
    }
    const values = items.map(({ label, description, subdir }) => ({ label, description, value: subdir }));
    const outcome = await this.pick(number, "Which folder of it", values);
    if (typeof outcome === "string") {
      return outcome;
    }
    this.choice.subdir = outcome.value || undefined;
    return "next";
  }

  /** An `.env` is offered, never taken by itself. */
  private async envFile(number: number): ReturnType<Step> {
    const file = path.join(this.choice.repo, this.choice.subdir ?? "", ".env");
    if (!this.choice.folder || !existsSync(file)) {
      return "skipped";
    }
    const without = { label: "Without variables", description: ".env is left out", value: undefined };
    const taken = { label: "With the variables of .env", description: file, value: file };
    const last = this.services.memory.last(this.choice.repo);
    const outcome = await this.pick<string | undefined>(
      number,
      "Variables of the app",
      last?.envFile === file ? [taken, without] : [without, taken],
    );
    if (typeof outcome === "string") {
      return outcome;
    }
    this.choice.envFile = outcome.value;
    return "next";
  }

  private async target(number: number): ReturnType<Step> {
    const host = this.analysis?.host;
    const configured = vscode.workspace.getConfiguration(SECTION).get<string[]>("targets", []);
    const items = ["local", ...configured].map((target) => ({
      label: target === "local" ? `$(vm) ${capitalised(targetName(target))}` : `$(remote) ${target}`,
      description: target === "local" ? [host?.hostname, host?.distribution].filter(Boolean).join(", ") : "",
      value: target,
    }));
    const outcome = await this.pick(number, "Where to", items);
    if (typeof outcome === "string") {
      return outcome;
    }
    this.choice.target = outcome.value;
    return "next";
  }

  private async approval(number: number): ReturnType<Step> {
    const ask = { label: "Show me the plan first", description: "nothing runs before you agree", value: "plan" as const };
    const go = { label: "Deploy right away", description: "", value: "never" as const };
    const known = this.services.memory.last(this.choice.repo) !== undefined;
    const outcome = await this.pick<Choice["approval"]>(number, "Start", known ? [go, ask] : [ask, go]);
    if (typeof outcome === "string") {
      return outcome;
    }
    this.choice.approval = outcome.value;
    return "next";
  }

  /** What is in the repository. It may be unknown (not there, no access): deploying then says why. */
  private async analyze(): Promise<void> {
    const { repo, ref, dirty, target } = this.choice;
    const options = { location: vscode.ProgressLocation.Window, title: "Auto-Deployer: looking at the repository" };
    this.analysis = await vscode.window.withProgress(options, async () => {
      try {
        return await this.services.send("deploy/analyze", { repo, ref, dirty: dirty ?? false, target });
      } catch (error) {
        this.services.log.warn(`analysing ${repo}: ${error instanceof Error ? error.message : String(error)}`);
        return undefined;
      }
    });
  }

  private pick<T>(step: number, placeholder: string, items: Items<T> | Promise<Items<T>>): Promise<Outcome<T>> {
    return pick(items, { title: this.title, placeholder, step });
  }

  private typed(prompt: string, placeHolder: string, value: string): Thenable<string | undefined> {
    return vscode.window.showInputBox({ title: this.title, prompt, placeHolder, value, ignoreFocusOut: true });
  }
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
