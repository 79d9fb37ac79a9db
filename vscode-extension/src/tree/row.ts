/** What a tree row shows, without VS Code: the views turn it into a `TreeItem`. */
import type { IconName } from "../icons";

export interface Row {
  readonly label: string;
  readonly description: string;
  readonly icon: IconName;
  /** Markdown. */
  readonly tooltip: string;
  /** In words: what a screen reader says. */
  readonly spoken: string;
  /** What can be done with the row, as words in `;a;b;` for `when` clauses. */
  readonly can: readonly Action[];
  readonly children: "none" | "collapsed" | "expanded";
}

export type Action =
  | "again"
  | "app"
  | "answer"
  | "cancel"
  | "copy"
  | "delete"
  | "hint"
  | "log"
  | "model"
  | "open"
  | "output"
  | "retry"
  | "retryStep"
  | "rollback"
  | "skip"
  | "start"
  | "stop";

export function contextValue(row: Row): string {
  return `;${row.can.join(";")};`;
}

/** Text from a repository or a command inside Markdown: never a link, an image or a command. */
export function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>~&$]/g, "\\$&");
}

export function codeBlock(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${text.trimEnd()}\n${fence}`;
}
