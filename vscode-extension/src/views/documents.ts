/** Read-only documents: the output of one command, growing while it runs, and a plan. */
import * as vscode from "vscode";
import { stripAnsi } from "../ansi";
import { shortCommand } from "../format";
import { SCHEMES } from "../ids";
import type { PlanResult } from "../protocol";
import type { DeploymentStore, Send } from "../state/store";
import { OutputTail } from "./outputTail";

const GROW_MS = 500;
const MB = 1_048_576;

export class OutputDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changes = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changes.event;
  private readonly growing = new Map<string, NodeJS.Timeout>();
  /** What was read of each output that is open. */
  private readonly tails = new Map<string, OutputTail>();
  private readonly parts: { dispose(): unknown }[];

  constructor(
    private readonly store: DeploymentStore,
    private readonly send: Send,
  ) {
    this.parts = [
      vscode.workspace.registerTextDocumentContentProvider(SCHEMES.output, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.tails.delete(uri.path)),
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
    const fetch = (offset: number, limit: number) => this.send("deploy/output", { deploymentId, commandId, offset, limit });
    const tail = this.tails.get(uri.path) ?? new OutputTail(fetch);
    this.tails.set(uri.path, tail);
    await tail.read();
    const text = tail.text === "" ? "(no output)\n" : stripAnsi(tail.text);
    const file = `${this.filesOf(deploymentId)}/${commandId}.log`;
    return tail.leftOut === 0 ? text : `… ${(tail.leftOut / MB).toFixed(1)} MB left out; full file: ${file}\n${text}`;
  }

  /** The folder beside the log where the server keeps the outputs. */
  private filesOf(deploymentId: string): string {
    const uri = this.store.get(deploymentId)?.logUri ?? "";
    return vscode.Uri.parse(uri).fsPath.replace(/\.json$/, ".files");
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
