/** All that can be pressed, as `package.json` and the extension's sources name it. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const EXTENSION = path.resolve(import.meta.dirname, "../../../vscode-extension");

/** Where it is offered, and what: "deployments inline retry", "palette deploy", "welcome Show Log", "toast Open Log". */
export type Key = string;

export interface MenuItem {
  readonly command: string;
  readonly when: string;
  readonly group: string;
}

export interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string }[];
    readonly menus: Readonly<Record<string, readonly MenuItem[]>>;
    readonly viewsWelcome: readonly unknown[];
    readonly walkthroughs: readonly unknown[];
    readonly configuration: unknown;
  };
}

export function readManifest(): Manifest {
  return JSON.parse(readFileSync(path.join(EXTENSION, "package.json"), "utf-8")) as Manifest;
}

/** Keys with how often each is there: a link that two texts have is two entries. */
export function entriesOf({ contributes }: Manifest, sources: readonly string[]): Map<Key, number> {
  const { commands, menus, viewsWelcome, walkthroughs, configuration } = contributes;
  const keys = [
    ...commands.map(({ command }) => `palette ${shortName(command)}`),
    ...Object.entries(menus).flatMap(([menu, items]) => items.flatMap((item) => keyOf(menu, item))),
    ...linksIn(viewsWelcome).map((label) => `welcome ${label}`),
    ...linksIn(walkthroughs).map((label) => `walkthrough ${label}`),
    ...linksIn(configuration).map((label) => `settings ${label}`),
    ...sources.flatMap(buttonsIn).map((label) => `toast ${label}`),
  ];
  const counts = new Map<Key, number>();
  for (const key of keys) {
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function keyOf(menu: string, { command, when, group }: MenuItem): Key[] {
  const name = shortName(command);
  const view = /view == autoDeployer\.(\w+)/.exec(when)?.[1];
  switch (menu) {
    case "commandPalette":
      return []; // it only says when; the palette has each command
    case "view/title":
      return [`${view} title ${name}`];
    case "view/item/context":
      return [`${view} ${group.startsWith("inline") ? "inline" : "context"} ${name}`];
    default:
      return [`${menu} ${name}`];
  }
}

export function shortName(command: string): string {
  return command.replace(/^autoDeployer\./, "");
}

/** `[label](command:…)` in any text below. */
function linksIn(part: unknown): string[] {
  return [...JSON.stringify(part).matchAll(/\[([^[\]]+)\]\(command:/g)].map(([, label = ""]) => label);
}

/** Labels of the buttons that the sources give to notifications: they are all in one place, which the compiler sees to. */
function buttonsIn(source: string): string[] {
  const list = /export const BUTTONS = \[([^\]]*)\] as const/.exec(source)?.[1] ?? "";
  return [...list.matchAll(/"([^"]+)"/g)].map(([, label = ""]) => label);
}

export function readSources(): { readonly file: string; readonly text: string }[] {
  const folder = path.join(EXTENSION, "src");
  const files = readdirSync(folder, { recursive: true, encoding: "utf-8" }).filter((file) => file.endsWith(".ts"));
  return files.map((file) => ({ file, text: readFileSync(path.join(folder, file), "utf-8") }));
}
