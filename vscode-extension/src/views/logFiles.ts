/**
 * Deployments that others start or delete (a terminal, another window) are seen by their log files. One that we do not know, or
 * whose file is gone, is news: then the server is asked, and what runs is followed from there on.
 */
import path from "node:path";
import * as vscode from "vscode";
import { SECTION } from "../ids";
import type { DeploymentStore } from "../state/store";

const SETTLE_MS = 1000;

export class LogFiles implements vscode.Disposable {
  private watcher: vscode.FileSystemWatcher | undefined;
  private readonly touched = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: DeploymentStore,
    private readonly onNews: () => void,
  ) {
    this.watch();
  }

  /** Begin, or begin anew when the setting has changed. */
  watch(): void {
    this.watcher?.dispose();
    const folder = logFolder();
    if (folder !== undefined) {
      this.watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, "deploy_*.json"));
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

/** Where the server keeps its logs: the setting, else `agent_logs` in the first workspace folder. */
function logFolder(): vscode.Uri | undefined {
  const first = vscode.workspace.workspaceFolders?.[0]?.uri;
  const set = vscode.workspace.getConfiguration(SECTION).get<string>("logDir");
  if (set && path.isAbsolute(set)) {
    return vscode.Uri.file(set);
  }
  return first && vscode.Uri.joinPath(first, set || "agent_logs");
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
