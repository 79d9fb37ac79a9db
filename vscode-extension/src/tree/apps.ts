/** What the Apps view shows: each app, and below it its address and the last lines of its log. */
import { stripAnsi } from "../ansi";
import { clock, joined, moment, oneLine } from "../format";
import type { AppState } from "../protocol";
import { type Action, codeBlock, escaped, type Row } from "./row";

/** The same `id` is always the same object, as VS Code wants it, with the app as it is now. */
export interface AppNode {
  readonly id: string;
  app: AppState;
  /** The address, or one of the last lines of its log; undefined: the app itself. */
  part?: "url" | { readonly line: string };
}

export class AppTree {
  private nodes = new Map<string, AppNode>();
  private apps: readonly AppState[] = [];
  /** What each app's rows show, as text. */
  private shown = new Map<string, string>();

  all(): readonly AppState[] {
    return this.apps;
  }

  roots(): AppNode[] {
    return this.apps.map((app) => this.node({ id: rootId(app), app }));
  }

  children(node: AppNode): AppNode[] {
    return appChildren(node).map((child) => this.node(child));
  }

  /**
   * Take the apps as they are now.
   *
   * @returns the rows to draw anew: those that show something else, or `undefined` for all where apps came or went. What an app
   *   uses of the machine changes all the time, and no row shows it.
   */
  update(apps: readonly AppState[], now: number): (AppNode | undefined)[] {
    const before = this.shown;
    this.apps = apps;
    this.shown = new Map(apps.map((app) => [rootId(app), shownText(app, now)]));
    if ([...before.keys()].join("\n") !== [...this.shown.keys()].join("\n")) {
      this.nodes = new Map([...this.nodes].filter(([, { app }]) => this.shown.has(rootId(app))));
      this.roots();
      return [undefined];
    }
    return this.roots().filter(({ id }) => before.get(id) !== this.shown.get(id));
  }

  private node(node: AppNode): AppNode {
    const known = Object.assign(this.nodes.get(node.id) ?? node, node);
    this.nodes.set(node.id, known);
    return known;
  }
}

function rootId({ deployDir }: AppState): string {
  return `a/${deployDir}`;
}

function shownText(app: AppState, now: number): string {
  const root: AppNode = { id: rootId(app), app };
  return JSON.stringify([root, ...appChildren(root)].map((node) => appRow(node, now)));
}

function appChildren({ id, app, part }: AppNode): AppNode[] {
  if (part !== undefined) {
    return [];
  }
  const url: AppNode[] = app.url && app.status === "running" ? [{ id: `${id}/url`, app, part: "url" }] : [];
  const lines = (app.lastLines ?? []).slice(-10);
  return [...url, ...lines.map((line, index) => ({ id: `${id}/l/${index}`, app, part: { line } }))];
}

export function appRow(node: AppNode, now: number): Row {
  const { app, part } = node;
  if (part === "url") {
    const label = app.url ?? "";
    return { label, description: "", icon: "link", tooltip: "", spoken: `address ${label}`, can: ["open"], children: "none" };
  }
  if (part !== undefined) {
    const label = oneLine(stripAnsi(part.line));
    const tooltip = codeBlock(stripAnsi(part.line));
    return { label, description: "", icon: "line", tooltip, spoken: `log line: ${label}`, can: [], children: "none" };
  }
  const since = app.since ? `since ${clock(moment(app.since), now)}` : "";
  const exit = app.status === "crashed" && app.exitCode != null ? `exit ${app.exitCode}` : "";
  return {
    label: app.name,
    description: joined(" · ", app.status, exit, since),
    icon: app.status === "running" ? "success" : app.status,
    tooltip: joined(
      "\n\n",
      `**${escaped(app.name)}** ${app.status}`,
      app.url && escaped(app.url),
      app.release && `Release ${escaped(app.release)} of ${app.releases?.length ?? 1}`,
      escaped(app.deployDir),
    ),
    spoken: joined(", ", `App ${app.name}`, app.status, exit, since, app.url),
    can: ["app", ...actions(app)],
    children: appChildren({ id: node.id, app }).length > 0 ? "collapsed" : "none",
  };
}

function actions(app: AppState): Action[] {
  const back: Action[] = (app.releases ?? []).some((release) => release !== app.release) ? ["rollback"] : [];
  return app.status === "running" ? ["stop", "open", ...back] : ["start", ...back];
}
