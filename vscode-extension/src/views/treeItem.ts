/** Rows as VS Code's tree items. */
import * as vscode from "vscode";
import { ICONS, type Icon } from "../icons";
import { contextValue, type Row } from "../tree/row";

const STATES = {
  none: vscode.TreeItemCollapsibleState.None,
  collapsed: vscode.TreeItemCollapsibleState.Collapsed,
  expanded: vscode.TreeItemCollapsibleState.Expanded,
} as const;

export function treeItem(id: string, row: Row): vscode.TreeItem {
  const item = new vscode.TreeItem(row.label, STATES[row.children]);
  const icon: Icon = ICONS[row.icon];
  item.id = id;
  item.description = row.description;
  item.iconPath = new vscode.ThemeIcon(icon.codicon, icon.color ? new vscode.ThemeColor(icon.color) : undefined);
  item.contextValue = contextValue(row);
  item.accessibilityInformation = { label: row.spoken };
  if (row.tooltip !== "") {
    item.tooltip = new vscode.MarkdownString(row.tooltip);
  }
  return item;
}
