/** The view Apps: what runs, what is stopped and what crashed. */
import * as vscode from "vscode";
import { VIEWS } from "../ids";
import type { AppState } from "../protocol";
import type { Send } from "../state/store";
import { type AppNode, AppTree, appRow } from "../tree/apps";
import { treeItem } from "./treeItem";

/** While the view is open it is looked at that often whether the apps still run. */
const LOOK_MS = 10_000;

export class AppsView implements vscode.TreeDataProvider<AppNode>, vscode.Disposable {
  private readonly view: vscode.TreeView<AppNode>;
  private readonly changes = new vscode.EventEmitter<AppNode | undefined>();
  readonly onDidChangeTreeData = this.changes.event;
  private readonly tree = new AppTree();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly send: Send,
    private readonly isConnected: () => boolean,
    private readonly onChange: (apps: readonly AppState[]) => void,
  ) {
    this.view = vscode.window.createTreeView(VIEWS.apps, { treeDataProvider: this });
    this.view.onDidChangeVisibility(({ visible }) => visible && void this.update());
    this.timer = setInterval(() => this.view.visible && void this.update(), LOOK_MS);
  }

  all(): readonly AppState[] {
    return this.tree.all();
  }

  getTreeItem(node: AppNode): vscode.TreeItem {
    return treeItem(node.id, appRow(node, Date.now()));
  }

  getChildren(node?: AppNode): AppNode[] {
    return node === undefined ? this.tree.roots() : this.tree.children(node);
  }

  /** Ask the server; only rows that show something else are drawn anew. */
  async update(): Promise<void> {
    if (!this.isConnected()) {
      return;
    }
    let apps: readonly AppState[];
    try {
      ({ apps } = await this.send("deploy/apps", {}));
    } catch {
      return; // the server is going down: its state is shown elsewhere
    }
    for (const node of this.tree.update(apps, Date.now())) {
      this.changes.fire(node);
    }
    this.onChange(apps);
  }

  dispose(): void {
    clearInterval(this.timer);
    this.view.dispose();
    this.changes.dispose();
  }
}
