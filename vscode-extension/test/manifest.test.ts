/** What `package.json` says and what the code does are the same. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { PROVIDERS } from "../src/protocol";

const ROOT = path.resolve(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(path.join(ROOT, file), "utf-8");
const { commands, menus, views, viewsWelcome, walkthroughs } = manifest.contributes;
const ids = commands.map(({ command }) => command);

it("has the server's version: one that differs is not taken", () => {
  expect(read("../server/auto_deployer/__init__.py")).toContain(`__version__ = "${manifest.version}"`);
});

it("names every command that is registered, and no other", () => {
  const table = /const TABLE[^{]*\{([^}]*)\}/.exec(read("src/commands/index.ts"))?.[1] ?? "";
  const registered = [...table.matchAll(/^ {2}(\w+): /gm)].map(([, name]) => `autoDeployer.${name}`);
  expect([...ids].sort()).toEqual(registered.sort());
  for (const { title, icon, category } of commands) {
    expect([title, icon, category].every(Boolean), title).toBe(true);
  }
});

it("offers in menus what there is, and rows say what they can in the same words", () => {
  const actions = new Set([...read("src/tree/row.ts").matchAll(/\| "(\w+)"/g)].map(([, action]) => action));
  for (const { command, when } of Object.values(menus).flat()) {
    expect(ids).toContain(command);
    const [, action] = /viewItem =~ \/;(\w+);\//.exec(when) ?? [];
    expect(action === undefined || actions.has(action), `${command}: ${when}`).toBe(true);
  }
  const needsDeployments = menus.commandPalette.map(({ command }) => command);
  const always = ["deploy", "restartServer", "selectInterpreter", "showPlan", "showServerLog"];
  expect(ids.filter((id) => !needsDeployments.includes(id))).toEqual(
    expect.arrayContaining(always.map((id) => `autoDeployer.${id}`)),
  );
});

it("has words for each cause of an empty view, and pictures in the walkthrough", () => {
  const causes = viewsWelcome.filter(({ view }) => view === "autoDeployer.deployments").map(({ when }) => when);
  expect(causes).toHaveLength(5);
  expect(viewsWelcome.every(({ view }) => views.autoDeployer.some(({ id }) => id === view))).toBe(true);
  for (const { media } of walkthroughs.flatMap(({ steps }) => steps)) {
    expect(media.altText).toMatch(/\w+ \w+/);
    expect(existsSync(path.join(ROOT, media.image))).toBe(true);
  }
});

it("has the providers that the server knows in the setting", () => {
  const { enum: names } = manifest.contributes.configuration.properties["autoDeployer.llm.provider"];
  expect(names).toEqual(["", ...PROVIDERS.map(({ name }) => name)]);
});

it("lets the machine alone decide what runs, and asks for trust", () => {
  const { properties } = manifest.contributes.configuration;
  expect(Object.values(properties).map(({ scope }) => scope)).not.toContain("window");
  expect(properties["autoDeployer.interpreter"].scope).toBe("machine");
  const { untrustedWorkspaces, virtualWorkspaces } = manifest.capabilities;
  expect(untrustedWorkspaces.restrictedConfigurations.sort()).toEqual(Object.keys(properties).sort());
  expect([untrustedWorkspaces.supported, virtualWorkspaces.supported]).toEqual(["limited", false]);
  expect(manifest.extensionKind).toEqual(["workspace"]);
});
