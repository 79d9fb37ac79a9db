/** Read-only documents: the output of one command, growing while it runs, and a plan. */
import * as vscode from "vscode";
import { stripAnsi } from "../ansi";
import { shortCommand } from "../format";
import { SCHEMES } from "../ids";
import type { PlanResult } from "../protocol";
import type { DeploymentStore, Send } from "../state/store";

const GROW_MS = 500;
const CHUNK = 1_048_576;
/** More of an output than this is not shown; the file beside the log has all of it. */
const LONGEST = 8 * CHUNK;

export class OutputDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changes = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changes.event;
  private readonly growing = new Map<string, NodeJS.Timeout>();
  private readonly parts: { dispose(): unknown }[];

  constructor(
    store: DeploymentStore,
    private readonly send: Send,
  ) {
    this.parts = [
      vscode.workspace.registerTextDocumentContentProvider(SCHEMES.output, this),
      store.onDidChange((change) => {
        if (change.kind === "output") {
          this.grow(change.deployment.id, change.chunk.commandId);
        } else if (change.kind === "event" && change.event.method === "deploy/commandExecuted") {
          this.grow(change.deployment.id, change.event.params.command.id ?? "");
        }
      }),
    ];
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const [, deploymentId = "", commandId = ""] = uri.path.split("/");
    let text = "";
    for (let offset = 0; offset < LONGEST; ) {
      const part = await this.send("deploy/output", { deploymentId, commandId, offset, limit: CHUNK });
      text += part.text;
      if (part.nextOffset >= part.size || part.nextOffset <= offset) {
        break;
      }
      offset = part.nextOffset;
    }
    return text === "" ? "(no output)\n" : stripAnsi(text);
  }

  dispose(): void {
    for (const part of [...this.parts, this.changes]) {
      part.dispose();
    }
    for (const timer of this.growing.values()) {
      clearTimeout(timer);
    }
  }

  /** Tell of new output, twice a second at most, and only where somebody looks. */
  private grow(deploymentId: string, commandId: string): void {
    const path = `/${deploymentId}/${commandId}/`;
    const open = vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === SCHEMES.output && uri.path.startsWith(path));
    if (open !== undefined && !this.growing.has(path)) {
      const tell = (): void => {
        this.growing.delete(path);
        this.changes.fire(open.uri);
      };
      this.growing.set(path, setTimeout(tell, GROW_MS));
    }
  }
}

/** The title is what the editor's tab shows. */
export function outputUri(deploymentId: string, commandId: string, title: string): vscode.Uri {
  const name = title.replace(/[^\w .…-]+/g, " ").trim();
  return vscode.Uri.from({ scheme: SCHEMES.output, path: `/${deploymentId}/${commandId}/${name || commandId}.log` });
}

/** Plans that were asked for in this window. */
export class PlanDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(SCHEMES.plan, this);

  dispose(): void {
    this.registration.dispose();
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.path) ?? "This plan is gone; ask for it again.\n";
  }

  async show(result: PlanResult): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEMES.plan, path: `/Plan of ${result.repo.name} ${this.texts.size + 1}.md` });
    this.texts.set(uri.path, planText(result));
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
  }
}

function planText({ repo, plan }: PlanResult): string {
  const { source } = repo;
  const chosen = plan.choice;
  const lines = [
    `# Plan of ${repo.name}`,
    "",
    `${source.repo} ${source.ref ?? ""} ${source.commit?.slice(0, 10) ?? ""}: ${plan.strategy}, ${(plan.components ?? []).join(", ")}. Nothing was run.`,
    "",
    ...(chosen?.evidence ?? []).map(({ file, saw }) => `- ${chosen?.recipe}: ${saw}${file ? ` (${file})` : ""}`),
    ...(plan.risks ?? []).map((risk) => `- Risk: ${risk}`),
    ...(plan.notes ?? []).map((note) => `- ${note}`),
  ];
  for (const [index, step] of plan.steps.entries()) {
    const commands = (step.commands ?? []).flatMap(({ command, reasoning }) =>
      reasoning ? [`# ${reasoning}`, shortCommand(command)] : [shortCommand(command)],
    );
    const block = commands.length > 0 ? ["", "```sh", ...commands, "```"] : [];
    lines.push("", `## ${index + 1}. ${step.name}`, "", step.goal ?? "", ...block, "", `Done when: ${step.success_criteria ?? ""}`);
  }
  return `${lines.join("\n")}\n`;
}
