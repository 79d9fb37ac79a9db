/** The view Deployments: reads the store, refreshes only what changed, at most ten times a second. */
import * as vscode from "vscode";
import { COMMANDS, VIEWS } from "../ids";
import { type Change, type DeploymentStore, isRunning } from "../state/store";
import { DeploymentTree, type Node } from "../tree/model";
import { treeItem } from "./treeItem";

const REFRESH_MS = 100;
const TICK_MS = 1000;

export class DeploymentsView implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly tree: DeploymentTree;
  private readonly view: vscode.TreeView<Node>;
  private readonly changes = new vscode.EventEmitter<Node | undefined>();
  readonly onDidChangeTreeData = this.changes.event;
  /** What is to be refreshed; undefined stands for the whole tree. */
  private readonly dirty = new Set<Node | undefined>();
  private refresh: NodeJS.Timeout | undefined;
  private tick: NodeJS.Timeout | undefined;
  private readonly subscription: { dispose(): void };
  private readonly finishing = new Map<string, () => void>();

  constructor(private readonly store: DeploymentStore) {
    this.tree = new DeploymentTree((id) => store.get(id));
    this.view = vscode.window.createTreeView(VIEWS.deployments, { treeDataProvider: this, showCollapseAll: true });
    this.subscription = store.onDidChange((change) => this.follow(change));
  }

  getTreeItem(node: Node): vscode.TreeItem {
    const row = this.tree.row(node);
    if (row === undefined) {
      return new vscode.TreeItem("");
    }
    const item = treeItem(node.id, row);
    if (row.can.includes("output")) {
      item.command = { command: COMMANDS.openOutput, title: "Open Output", arguments: [node, { preview: true }] };
    }
    return item;
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (node === undefined) {
      return this.tree.roots(this.store.all());
    }
    await this.store.load(node.deploymentId);
    return this.tree.children(node);
  }

  getParent(node: Node): Node | undefined {
    return this.tree.parent(node);
  }

  /** Show the row of a deployment, without taking the focus, and only where the view is open. */
  reveal(id: string): void {
    if (this.view.visible && this.store.get(id) !== undefined) {
      void this.view
        .reveal(this.tree.deployment(id), { select: true, focus: false, expand: true })
        .then(undefined, () => undefined);
    }
  }

  /** The view's own progress bar, from a deployment's `$/progress` begin to its end. */
  progress(token: string, ended: boolean): void {
    if (ended) {
      this.finishing.get(token)?.();
      this.finishing.delete(token);
    } else if (!this.finishing.has(token)) {
      const done = new Promise<void>((resolve) => this.finishing.set(token, resolve));
      void vscode.window.withProgress({ location: { viewId: VIEWS.deployments } }, () => done);
    }
  }

  /** The server is gone, and with it whoever would end the progress bars. */
  endProgress(): void {
    for (const token of [...this.finishing.keys()]) {
      this.progress(token, true);
    }
  }

  dispose(): void {
    clearTimeout(this.refresh);
    clearInterval(this.tick);
    this.endProgress();
    this.subscription.dispose();
    this.view.dispose();
    this.changes.dispose();
  }

  private follow(change: Change): void {
    if (change.kind === "output") {
      return;
    }
    this.keepTicking();
    if (change.kind === "list") {
      this.schedule(undefined);
      return;
    }
    const { deployment } = change;
    const stepId = change.kind === "event" ? change.event.params.stepId : undefined;
    const started = change.kind === "event" && change.event.method === "deploy/stepStarted";
    const inside = stepId != null && !started && change.kind === "event" && change.event.method !== "deploy/stepFinished";
    this.schedule(inside ? this.tree.step(deployment, stepId) : this.tree.deployment(deployment.id));
  }

  private schedule(node: Node | undefined): void {
    this.dirty.add(node);
    this.refresh ??= setTimeout(() => this.flush(), REFRESH_MS);
    this.view.badge = badge(this.store.running().length);
  }

  private flush(): void {
    this.refresh = undefined;
    const nodes = this.dirty.has(undefined) ? [undefined] : [...this.dirty];
    this.dirty.clear();
    for (const node of nodes) {
      this.changes.fire(node);
    }
  }

  /** Elapsed times move on while something runs, in the rows that run. */
  private keepTicking(): void {
    const running = this.store.running().length > 0;
    if (running && this.tick === undefined) {
      this.tick = setInterval(() => this.onTick(), TICK_MS);
    } else if (!running) {
      clearInterval(this.tick);
      this.tick = undefined;
    }
  }

  private onTick(): void {
    for (const deployment of this.view.visible ? this.store.running() : []) {
      if (isRunning(deployment)) {
        this.schedule(this.tree.deployment(deployment.id));
      }
    }
  }
}

function badge(running: number): vscode.ViewBadge | undefined {
  return running > 0
    ? { value: running, tooltip: running === 1 ? "1 deployment is running" : `${running} deployments are running` }
    : undefined;
}
