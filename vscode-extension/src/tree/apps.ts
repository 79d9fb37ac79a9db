/** What the Apps view shows: each app, and below it its address and the last lines of its log. */
import { stripAnsi } from "../ansi";
import { clock, joined, moment, oneLine } from "../format";
import type { AppState } from "../protocol";
import { type Action, codeBlock, escaped, type Row } from "./row";

export interface AppNode {
  readonly id: string;
  readonly app: AppState;
  /** The address, or one of the last lines of its log; undefined: the app itself. */
  readonly part?: "url" | { readonly line: string };
}

export function appRoots(apps: readonly AppState[]): AppNode[] {
  return apps.map((app) => ({ id: `a/${app.deployDir}`, app }));
}

export function appChildren({ app, part }: AppNode): AppNode[] {
  if (part !== undefined) {
    return [];
  }
  const url: AppNode[] = app.url && app.status === "running" ? [{ id: `a/${app.deployDir}/url`, app, part: "url" }] : [];
  const lines = (app.lastLines ?? []).slice(-10);
  return [...url, ...lines.map((line, index) => ({ id: `a/${app.deployDir}/l/${index}`, app, part: { line } }))];
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
    can: ["log", ...actions(app)],
    children: appChildren(node).length > 0 ? "collapsed" : "none",
  };
}

function actions(app: AppState): Action[] {
  const back: Action[] = (app.releases ?? []).some((release) => release !== app.release) ? ["rollback"] : [];
  return app.status === "running" ? ["stop", "open", ...back] : ["start", ...back];
}
