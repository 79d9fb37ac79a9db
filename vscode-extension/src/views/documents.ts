/** Read-only documents: the end of one command's output, growing while it runs, and a plan. */
import * as vscode from "vscode";
import { stripAnsi } from "../ansi";
import { SCHEMES } from "../ids";
import type { PlanResult } from "../protocol";
import type { DeploymentStore, Send } from "../state/store";

const GROW_MS = 500;
const MB = 1_048_576;

export class OutputDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changes = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changes.event;
  private readonly growing = new Map<string, NodeJS.Timeout>();
  private readonly parts: { dispose(): unknown }[];

  constructor(
    private readonly store: DeploymentStore,
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
    const { text, offset } = await this.send("deploy/output", { deploymentId, commandId, offset: null, limit: MB });
    const shown = stripAnsi(text) || "(no output)\n";
    const files = vscode.Uri.parse(this.store.get(deploymentId)?.logUri ?? "").fsPath.replace(/\.json$/, ".files");
    return offset === 0 ? shown : `… ${(offset / MB).toFixed(1)} MB left out; full file: ${files}/${commandId}.log\n${shown}`;
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

  async show({ repo, page }: PlanResult): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEMES.plan, path: `/Plan of ${repo.name} ${this.texts.size + 1}.md` });
    this.texts.set(uri.path, page ?? "");
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
  }
}
