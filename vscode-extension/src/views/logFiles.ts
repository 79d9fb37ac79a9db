/**
 * Deployments that others start, run or delete (a terminal, another window) are seen by their log files. A file that changed
 * without an event from the server has news that we lack: then the server is asked.
 */
import * as vscode from "vscode";
import { type Deployment, type DeploymentStore, isRunning } from "../state/store";

const SETTLE_MS = 1000;

export class LogFiles implements vscode.Disposable {
  private readonly watcher: vscode.FileSystemWatcher | undefined;
  /** Files that changed, each with the last event we had then. */
  private readonly touched = new Map<string, number | undefined>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: DeploymentStore,
    private readonly onNews: () => void,
  ) {
    const folder = vscode.workspace.workspaceFolders?.[0];
    if (folder !== undefined) {
      this.watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, "agent_logs/deploy_*.json"));
      for (const listen of [this.watcher.onDidCreate, this.watcher.onDidChange, this.watcher.onDidDelete]) {
        listen((uri) => this.touch(uri));
      }
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.watcher?.dispose();
  }

  private touch(uri: vscode.Uri): void {
    const key = uri.toString();
    if (!this.touched.has(key)) {
      this.touched.set(key, this.deployment(uri)?.log?.seq);
    }
    this.timer ??= setTimeout(() => void this.look(), SETTLE_MS);
  }

  private async look(): Promise<void> {
    this.timer = undefined;
    const files = [...this.touched];
    this.touched.clear();
    const news = await Promise.all(files.map(([key, seq]) => this.isNews(vscode.Uri.parse(key), seq)));
    if (news.includes(true)) {
      this.onNews();
    }
  }

  private async isNews(uri: vscode.Uri, seq: number | undefined): Promise<boolean> {
    const deployment = this.deployment(uri);
    if ((await exists(uri)) !== (deployment !== undefined)) {
      return true;
    }
    return deployment !== undefined && isRunning(deployment) && deployment.log?.seq === seq;
  }

  private deployment({ path }: vscode.Uri): Deployment | undefined {
    return this.store.all().find(({ logUri }) => vscode.Uri.parse(logUri).path === path);
  }
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
