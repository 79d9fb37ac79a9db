/** The picks of a new choice: repository, snapshot, sub-folder, env file, approval. */
import { existsSync } from "node:fs";
import path from "node:path";
import * as vscode from "vscode";
import { type Choice, isFolder, type SnapshotItem, snapshotItems, subdirItems } from "../deploy/choice";
import { plain, withoutLogin } from "../deploy/text";
import { SECTION } from "../ids";
import type { AnalyzeResult, GitCredential } from "../protocol";
import { inSteps, lastFirst, pick, pickSeveral, type Step } from "../views/pick";
import { withLogin } from "./login";
import type { Services } from "./services";

/** Ask step by step; undefined when it was dismissed. Without `starting` nothing will run, and nothing is asked about that. */
export async function chooseAnew(services: Services, title: string, starting: boolean): Promise<Choice | undefined> {
  const draft = new Draft(services, title);
  const done = await inSteps(draft.steps(starting));
  return done ? draft.choice : undefined;
}

const DEFAULT_BRANCH: SnapshotItem = { label: "The default branch", description: "", choice: { dirty: false } };

type Items<T> = readonly (vscode.QuickPickItem & { value: T })[];

class Draft {
  readonly choice: Choice = { repo: "", target: "local", approval: "plan" };
  private analysis: AnalyzeResult | undefined;

  constructor(
    private readonly services: Services,
    private readonly title: string,
  ) {}

  steps(starting: boolean): Step[] {
    return [
      (number) => this.repository(number),
      (number) => this.snapshot(number),
      (number) => this.subdir(number, starting),
      (number) => this.envFile(number),
      ...(starting ? [(number: number) => this.approval(number)] : []),
    ];
  }

  private async repository(step: number): ReturnType<Step> {
    const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
    const items = [
      ...folders.map(({ name, uri }) => ({ label: `$(folder) ${plain(name)}`, description: plain(uri.fsPath), value: uri.fsPath })),
      { label: "$(repo-clone) A git URL…", description: "https, ssh or file", value: "" },
    ];
    return this.ask(step, "What to deploy", items, async (folder) => {
      const repo = folder || (await this.typed("Git URL", "https://…, ssh://… or git@host:owner/repository", ""));
      return repo ? { repo } : undefined;
    });
  }

  private async snapshot(step: number): ReturnType<Step> {
    Object.assign(this.choice, { dirty: undefined, ref: undefined, subdir: undefined, subdirs: undefined });
    const outcome = await this.ask(step, "Which state of it", this.snapshots(), async (snapshot) => {
      if (snapshot !== undefined) {
        return { dirty: snapshot.dirty || undefined };
      }
      const ref = await this.typed("Branch, tag or commit", "What to deploy", this.last?.ref ?? "");
      return ref ? { ref } : undefined;
    });
    if (outcome === "next" && (!isFolder(this.choice) || this.choice.ref || this.choice.dirty)) {
      await this.analyze();
    }
    return outcome;
  }

  /** HEAD and working tree of a folder, which are looked at; of a URL the default branch; and any other ref. */
  private async snapshots(): Promise<Items<SnapshotItem["choice"] | undefined>> {
    if (isFolder(this.choice)) {
      await this.analyze();
    }
    const offered = isFolder(this.choice) ? snapshotItems(this.analysis?.repo) : [DEFAULT_BRANCH];
    const inOrder = this.last?.dirty ? offered.toReversed() : offered;
    const items = inOrder.map(({ label, description, choice }) => ({ label, description, value: choice }));
    return [...items, { label: "Another branch, tag or commit…", description: "", value: undefined }];
  }

  private async subdir(step: number, starting: boolean): ReturnType<Step> {
    const found = this.analysis ? subdirItems(this.analysis) : [];
    const items = found.map(({ label, description, subdir }) => ({ label: plain(label), description, value: subdir }));
    if (items.length === 0) {
      return "skipped";
    }
    const folders = items.filter(({ value }) => value !== "");
    const several = { label: "$(checklist) Several of them…", description: "one after the other", value: undefined };
    const inOrder = [...lastFirst(items, this.last?.subdir ?? ""), ...(starting && folders.length > 1 ? [several] : [])];
    return this.ask<string | undefined>(step, "Which folder of it", inOrder, async (subdir) => {
      if (subdir !== undefined) {
        return { subdir: subdir || undefined, subdirs: undefined };
      }
      const chosen = await pickSeveral(folders, this.title, "What is ticked first is deployed first");
      return typeof chosen === "string" ? undefined : { subdir: undefined, subdirs: chosen.value };
    });
  }

  /** An `.env` is offered, never taken by itself, and that of what was chosen before going back is not kept. */
  private async envFile(step: number): ReturnType<Step> {
    Object.assign(this.choice, { envFile: undefined });
    const file = path.join(this.choice.repo, this.choice.subdir ?? "", ".env");
    if (!isFolder(this.choice) || !existsSync(file)) {
      return "skipped";
    }
    const items = [
      { label: "Without variables", description: ".env is left out", value: undefined },
      { label: "With the variables of .env", description: plain(file), value: file },
    ];
    const inOrder = lastFirst<string | undefined>(items, this.last?.envFile ?? undefined);
    return this.ask(step, "Variables of the app", inOrder, (envFile) => ({ envFile }));
  }

  /** Nothing to ask where the settings want every plan approved. */
  private async approval(step: number): ReturnType<Step> {
    if (["plan", "always"].includes(vscode.workspace.getConfiguration(SECTION).get("approval", "never"))) {
      Object.assign(this.choice, { approval: "never" });
      return "skipped";
    }
    const items = [
      { label: "Show me the plan first", description: "nothing runs before you agree", value: "plan" as const },
      { label: "Deploy right away", description: "", value: "never" as const },
    ];
    const last = this.services.memory.last(this.choice.repo, this.choice.subdir ?? null)?.approval ?? "plan";
    return this.ask(step, "Start", lastFirst<Choice["approval"]>(items, last), (approval) => ({ approval }));
  }

  /** What is in the repository. It may be unknown (not there, no access): deploying then says why. */
  private async analyze(): Promise<void> {
    const { repo, ref, dirty, target } = this.choice;
    const options = { location: vscode.ProgressLocation.Window, title: "Auto-Deployer: looking at the repository" };
    const look = (gitCredential?: GitCredential): Thenable<AnalyzeResult> => {
      Object.assign(this.choice, { gitCredential });
      const params = { repo, ref, dirty: dirty ?? false, target, gitCredential };
      return vscode.window.withProgress(options, () => this.services.send("deploy/analyze", params));
    };
    try {
      this.analysis = await withLogin(this.services, this.choice, look);
    } catch (error) {
      this.analysis = undefined;
      this.services.log.warn(withoutLogin(`analysing ${repo}: ${error instanceof Error ? error.message : String(error)}`));
    }
  }

  /** What was chosen for this repository before. */
  private get last(): Choice | undefined {
    return this.services.memory.last(this.choice.repo);
  }

  /** Let the user choose; `changes` makes of it what to take, and may ask for more: undefined when that was dismissed. */
  private async ask<T>(
    step: number,
    placeholder: string,
    items: Items<T> | Promise<Items<T>>,
    changes: (value: T) => Partial<Choice> | Promise<Partial<Choice> | undefined>,
  ): ReturnType<Step> {
    const outcome = await pick(items, { title: this.title, placeholder, step });
    if (typeof outcome === "string") {
      return outcome;
    }
    const changed = await changes(outcome.value);
    Object.assign(this.choice, changed);
    return changed === undefined ? "cancelled" : "next";
  }

  private typed(prompt: string, placeHolder: string, value: string): Thenable<string | undefined> {
    return vscode.window.showInputBox({ title: this.title, prompt, placeHolder, value, ignoreFocusOut: true });
  }
}
