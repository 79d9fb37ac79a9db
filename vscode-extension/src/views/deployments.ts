/** The view Deployments: reads the store, refreshes only what changed, a few times a second. */
import * as vscode from "vscode";
import { VIEWS } from "../ids";
import { commandKey } from "../state/log";
import type { Change, DeploymentStore } from "../state/store";
import { DeploymentTree, type Node } from "../tree/model";
import { Refresh } from "../tree/refresh";
import { outputUri } from "./documents";
import { treeItem } from "./treeItem";

const TICK_MS = 1000;
/** A line further down than any document goes: an output opens at its end. */
const BELOW_ALL = 2 ** 30;
/** In ticks. */
const SELDOM = 10;

export class DeploymentsView implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly tree: DeploymentTree;
  private readonly view: vscode.TreeView<Node>;
  private readonly changes = new vscode.EventEmitter<Node | undefined>();
  readonly onDidChangeTreeData = this.changes.event;
  private readonly refresh = new Refresh<Node>((node) => this.changes.fire(node));
  private tick: NodeJS.Timeout | undefined;
  private ticks = 0;
  private toReveal: Node | undefined;
  private readonly subscription: { dispose(): void };
  private readonly finishing = new Map<string, () => void>();

  constructor(private readonly store: DeploymentStore) {
    this.tree = new DeploymentTree((id) => store.get(id));
    this.view = vscode.window.createTreeView(VIEWS.deployments, { treeDataProvider: this, showCollapseAll: true });
    this.subscription = store.onDidChange((change) => this.follow(change));
  }

  /** What the welcome content says in an empty view. */
  private tellOfTrust(): void {
    const untrusted = !vscode.workspace.isTrusted && this.store.all().length > 0;
    const message = untrusted ? "This folder is not trusted: logs can be read, nothing is deployed." : undefined;
    if (message !== this.view.message) {
      this.view.message = message; // every time it is set, VS Code puts off the refresh of the rows
    }
  }

  getTreeItem(node: Node): vscode.TreeItem {
    const row = this.tree.row(node);
    if (row === undefined) {
      return new vscode.TreeItem("");
    }
    if (node === this.toReveal) {
      setImmediate(() => this.revealDrawn());
    }
    const item = treeItem(node.id, row);
    item.command = this.opening(node);
    return item;
  }

  /**
   * What a click on a command's row does. The editor's own command: arguments of ours the editor keeps under a name that is gone as
   * soon as the row is told of again, and a click in that moment ended in an error.
   */
  private opening(node: Node): vscode.Command | undefined {
    const { log } = this.store.get(node.deploymentId) ?? {};
    const told = this.tree.command(node);
    const uri = log && told && outputUri(node.deploymentId, commandKey(log, told), told.command);
    const selection = new vscode.Range(BELOW_ALL, 0, BELOW_ALL, 0);
    return (
      uri && { command: "vscode.open", title: "Open Output", arguments: [uri, { preview: true, preserveFocus: true, selection }] }
    );
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (node === undefined) {
      return this.store.all().map(({ id }) => this.tree.deployment(id));
    }
    await this.store.load(node.deploymentId);
    return this.tree.children(node);
  }

  /** For `reveal`, which is asked for deployments only. */
  getParent(): undefined {
    return undefined;
  }

  /**
   * Show the row of a deployment, without taking the focus, and only where the view is open. VS Code has to know the row: one
   * that it meets here first it looks for itself, in vain while it draws the others.
   */
  reveal(id: string): void {
    if (this.view.visible && this.store.get(id) !== undefined) {
      this.toReveal = this.tree.deployment(id);
      this.refresh.add(undefined);
    }
  }

  private revealDrawn(): void {
    const node = this.toReveal;
    this.toReveal = undefined;
    if (node !== undefined) {
      void this.view.reveal(node, { select: true, focus: false, expand: true }).then(undefined, () => undefined);
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
    this.refresh.dispose();
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
    this.tellOfTrust();
    this.view.badge = badge(this.store.running().length);
    if (change.kind === "list") {
      this.tree.prune();
    }
    this.refresh.add(change.kind === "list" ? undefined : this.changed(change));
  }

  private changed(change: Exclude<Change, { kind: "list" | "output" }>): Node {
    const { deployment } = change;
    return change.kind === "event" ? this.tree.changedBy(deployment, change.event) : this.tree.deployment(deployment.id);
  }

  /** Elapsed times move on while something runs. */
  private keepTicking(): void {
    const running = this.store.running().length > 0;
    if (running && this.tick === undefined) {
      this.tick = setInterval(() => this.onTick(), TICK_MS);
    } else if (!running) {
      clearInterval(this.tick);
      this.tick = undefined;
    }
  }

  /**
   * VS Code forgets the rows below a row that it is told of until it has asked for them again: what is pressed meanwhile comes
   * without its row. So the command that runs is told of alone, the deployment seldom, and one that waits for the user not at all.
   */
  private onTick(): void {
    this.ticks += 1;
    for (const { id, log } of this.view.visible ? this.store.running() : []) {
      if (log === undefined || !log.pending_question) {
        const command = log && this.tree.running(id, log);
        this.refresh.add(command && this.ticks % SELDOM > 0 ? command : this.tree.deployment(id));
      }
    }
  }
}

function badge(running: number): vscode.ViewBadge | undefined {
  return running > 0
    ? { value: running, tooltip: running === 1 ? "1 deployment is running" : `${running} deployments are running` }
    : undefined;
}
