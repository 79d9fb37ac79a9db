/** Read-only documents: the end of one command's output, growing while it runs, and a plan. */
import * as vscode from "vscode";
import { stripAnsi } from "../ansi";
import { oneLine } from "../format";
import { SCHEMES } from "../ids";
import type { CommandRecord, PlanResult } from "../protocol";
import { commandBy, hasEnded } from "../state/log";
import type { DeploymentStore, Send } from "../state/store";
import { orWhy } from "./tail";

const GROW_MS = 500;
const MB = 1_048_576;

export class OutputDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changes = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changes.event;
  /** Open ones that are behind; read again when somebody looks at them. */
  private readonly stale = new Set<string>();
  /** Those that could not be read: perhaps there was no server. */
  private readonly failed = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private readonly parts: { dispose(): unknown }[];

  constructor(
    private readonly store: DeploymentStore,
    private readonly send: Send,
  ) {
    this.parts = [
      vscode.workspace.registerTextDocumentContentProvider(SCHEMES.output, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.forget(uri)),
      vscode.window.onDidChangeVisibleTextEditors(() => this.tellSoon()),
      store.onDidChange((change) => {
        if (change.kind === "output") {
          this.grow(change.deployment.id, change.chunk.commandId);
        } else if (change.kind === "event" && change.event.method === "deploy/commandExecuted") {
          this.grow(change.deployment.id, change.event.params.command.id ?? "");
        } else if (change.kind === "list") {
          this.readFailed();
        }
      }),
    ];
  }

  provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const [, deploymentId = "", key = ""] = uri.path.split("/");
    return orWhy(
      () => this.read(deploymentId, key),
      () => this.failed.add(uri.toString()),
    );
  }

  dispose(): void {
    for (const part of [...this.parts, this.changes]) {
      part.dispose();
    }
    clearTimeout(this.timer);
  }

  /** The output file's end; of logs that give commands no id, what the log has of it. */
  private async read(deploymentId: string, key: string): Promise<string> {
    await this.store.load(deploymentId);
    const { log, logUri = "" } = this.store.get(deploymentId) ?? {};
    const told = commandBy(log, key);
    if (told !== undefined && !told.id) {
      return stripAnsi(recorded(told as CommandRecord)) || "(no output)\n";
    }
    const { text, offset } = await this.send("deploy/output", { deploymentId, commandId: key, offset: null, limit: MB });
    if (text === "") {
      return told === undefined || hasEnded(told) ? "(no output)\n" : "(no output yet)\n";
    }
    const files = vscode.Uri.parse(logUri).fsPath.replace(/\.json$/, ".files");
    const left = offset === 0 ? "" : `… ${(offset / MB).toFixed(1)} MB left out; full file: ${files}/${key}.log\n`;
    return `${left}${stripAnsi(text)}`;
  }

  private grow(deploymentId: string, commandId: string): void {
    const path = `/${deploymentId}/${commandId}/`;
    const open = vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === SCHEMES.output && uri.path.startsWith(path));
    if (open !== undefined) {
      this.stale.add(open.uri.toString());
      this.tellSoon();
    }
  }

  private readFailed(): void {
    for (const uri of this.failed) {
      this.stale.add(uri);
    }
    this.failed.clear();
    this.tellSoon();
  }

  /** Twice a second at most, and only where somebody looks: a tab in the background is read when it comes to the front. */
  private tellSoon(): void {
    if (this.stale.size > 0) {
      this.timer ??= setTimeout(() => this.tell(), GROW_MS);
    }
  }

  private tell(): void {
    this.timer = undefined;
    const seen = new Map(vscode.window.visibleTextEditors.map(({ document: { uri } }) => [uri.toString(), uri]));
    for (const [name, uri] of seen) {
      if (this.stale.delete(name)) {
        this.changes.fire(uri);
      }
    }
  }

  private forget(uri: vscode.Uri): void {
    this.stale.delete(uri.toString());
    this.failed.delete(uri.toString());
  }
}

/** Beginning and end of both streams, as a log keeps them. */
function recorded({ stdout, stdout_tail, stderr, stderr_tail }: CommandRecord): string {
  const both = [
    [stdout, stdout_tail],
    [stderr, stderr_tail],
  ].map(([head, tail]) => (tail ? `${head}\n…\n${tail}` : (head ?? "")));
  return both
    .filter(Boolean)
    .map((text) => text.replace(/\n?$/, "\n"))
    .join("");
}

/** The command is what the editor's tab shows. */
export function outputUri(deploymentId: string, commandId: string, command: string): vscode.Uri {
  const name = oneLine(command, 40)
    .replace(/[^\w .…-]+/g, " ")
    .trim();
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

  async show({ repo, page }: PlanResult): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEMES.plan, path: `/Plan of ${repo.name} ${this.texts.size + 1}.md` });
    this.texts.set(uri.path, page ?? "");
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
  }
}
