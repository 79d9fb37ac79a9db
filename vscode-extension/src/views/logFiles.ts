/**
 * Deployments that others start or delete (a terminal, another window) are seen by their log files. One that we do not know, or
 * whose file is gone, is news: then the server is asked, and what runs is followed from there on.
 */
import * as vscode from "vscode";
import type { DeploymentStore } from "../state/store";

const SETTLE_MS = 1000;

export class LogFiles implements vscode.Disposable {
  private folder: string | undefined;
  private watcher: vscode.FileSystemWatcher | undefined;
  private readonly touched = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: DeploymentStore,
    private readonly onNews: () => void,
  ) {}

  /** Begin, or begin anew where it is another folder: the server says which it uses, also where no folder is open. */
  watch(folder: string | undefined): void {
    if (folder === undefined || folder === this.folder) {
      return;
    }
    this.folder = folder;
    this.watcher?.dispose();
    const logs = new vscode.RelativePattern(vscode.Uri.file(folder), "deploy_*.json");
    this.watcher = vscode.workspace.createFileSystemWatcher(logs);
    for (const listen of [this.watcher.onDidCreate, this.watcher.onDidChange, this.watcher.onDidDelete]) {
      listen((uri) => this.touch(uri));
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.watcher?.dispose();
  }

  private touch(uri: vscode.Uri): void {
    this.touched.add(uri.toString());
    this.timer ??= setTimeout(() => void this.look(), SETTLE_MS);
  }

  private async look(): Promise<void> {
    this.timer = undefined;
    const files = [...this.touched].map((file) => vscode.Uri.parse(file));
    this.touched.clear();
    const news = await Promise.all(files.map(async (file) => (await exists(file)) !== this.isKnown(file)));
    if (news.includes(true)) {
      this.onNews();
    }
  }

  private isKnown({ path }: vscode.Uri): boolean {
    return this.store.all().some(({ logUri }) => vscode.Uri.parse(logUri).path === path);
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
