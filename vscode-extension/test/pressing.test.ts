/** All that can be pressed has a case in the test that presses it (tests/workbench/pressing). */
import { expect, it } from "vitest";
import { faultsOf } from "../../tests/workbench/pressing/coverage.ts";
import { readManifest, readSources } from "../../tests/workbench/pressing/entries.ts";

const manifest = readManifest();
const { contributes } = manifest;

it("has a case for each entry, and an entry for each case", () => {
  expect(faultsOf()).toEqual([]);
});

it("sees a new command, menu entry, link and button, and one that is gone", () => {
  const command = { command: "autoDeployer.fly", title: "Fly" };
  const item = { command: "autoDeployer.retry", when: "view == autoDeployer.apps && viewItem =~ /;log;/", group: "inline@1" };
  const menus = { ...contributes.menus, "view/item/context": [...(contributes.menus["view/item/context"] ?? []), item] };
  const link = { contents: "[Land](command:autoDeployer.land)" };
  const commands = [...contributes.commands.slice(1), command];
  const viewsWelcome = [...contributes.viewsWelcome, link];
  const changed = { contributes: { ...contributes, commands, menus, viewsWelcome } };
  const sources = [...readSources().map(({ text }) => text), 'export const BUTTONS = ["Fasten Seat Belts"] as const;'];
  expect(faultsOf(changed, sources)).toEqual([
    "nothing presses: palette fly",
    "nothing presses: apps inline retry",
    "nothing presses: welcome Land",
    "nothing presses: toast Fasten Seat Belts",
    "there is no such entry any more: palette deploy",
  ]);
});

it("finds all buttons of notifications where they are listed", () => {
  for (const { file, text } of readSources()) {
    const plain = text.replaceAll(/"[^"\n]*"|`[^`]*`/g, '""');
    const shown = [...plain.matchAll(/show(\w+)Message\(([^;]*)\)/g)].map(([, kind, told = ""]) => [kind, told.includes(",")]);
    expect(file === "views/offer.ts" || shown.every(([kind, more]) => kind === "Information" && !more), file).toBe(true);
  }
});
