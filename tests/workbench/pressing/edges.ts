/** What each entry shows in windows where something is missing: trust, a folder, the server. */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { MACHINE } from "../editor.ts";
import type { Workbench } from "../workbench.ts";
import { ALWAYS_OFFERED, LOG, NEW_SERVER } from "./cases.ts";
import { notification, PALETTE, rowOf, settingOf, titleOf, WALKTHROUGH, welcomeOf } from "./places.ts";
import type { Scene } from "./presser.ts";
import { asks, browser, DISABLED, editor, OFFERED, panel, row, type Sight, shown, tells } from "./sights.ts";

const TRUST = shown(".workspace-trust-editor");

export const UNTRUSTED: readonly Scene[] = [
  {
    state: "untrusted, welcome",
    at: welcomeOf("Deployments"),
    presses: { "welcome Manage Workspace Trust": TRUST },
  },
  {
    state: "untrusted, title",
    at: titleOf("Deployments"),
    presses: {
      "deployments title deploy": DISABLED,
      "deployments title showOutput": OFFERED,
      "deployments title showPlan": asks("Show Plan", "shop"),
      "deployments title showServerLog": OFFERED,
      "deployments title selectInterpreter": OFFERED,
      "deployments title setUpModel": OFFERED,
      "deployments title removeModelKey": OFFERED,
      "deployments title restartServer": OFFERED,
    },
  },
];

const IN_BROWSER = browser("The shop is open");

/** It failed in a terminal. */
export const UNTRUSTED_FAILED: readonly Scene[] = [
  {
    state: "untrusted, notification of a failure",
    at: notification("Deployment of shop failed"),
    presses: { "toast Open Log": OFFERED, "toast Manage Workspace Trust": TRUST },
  },
];

/** Deployed from a terminal; the folder is not trusted here. */
export const UNTRUSTED_SUCCESS: readonly Scene[] = [
  {
    state: "untrusted, deployment",
    at: rowOf("Deployment of shop, success"),
    presses: {
      "deployments inline openApp": OFFERED,
      "deployments context openApp": OFFERED,
      "deployments inline openLog": LOG,
      "deployments context openLog": OFFERED,
      "deployments context deleteDeployment": OFFERED,
    },
  },
  {
    state: "untrusted, palette",
    at: PALETTE,
    presses: {
      ...untrusted(ALWAYS_OFFERED),
      "palette openLog": OFFERED,
      "palette openOutput": OFFERED,
      "palette copyCommand": OFFERED,
      "palette deleteDeployment": asks("Delete Deployment", "success"),
      "palette openApp": OFFERED,
      "palette openAppLog": OFFERED,
      "palette showPlan": asks("Show Plan", "shop"),
      "palette stopApp": OFFERED,
    },
  },
  {
    state: "untrusted, app",
    at: rowOf("App shop, running", "Apps"),
    presses: {
      "apps inline openApp": OFFERED,
      "apps context openApp": IN_BROWSER,
      "apps inline openAppLog": editor("open on port"),
      "apps context openAppLog": OFFERED,
      "apps inline stopApp": OFFERED,
      "apps context stopApp": row("App shop, stopped", "Apps"),
    },
  },
];

/** Those of the palette that need no trust. */
function untrusted(offered: Record<string, typeof OFFERED>): Record<string, typeof OFFERED> {
  return Object.fromEntries(Object.entries(offered).filter(([key]) => key !== "palette deploy"));
}

const DEPLOY_URL = asks("Deploy", "A git URL");
const NO_DEPLOYMENT = tells("there is no deployment for that");

/** The view comes to the front, where another was. */
const VIEW: Sight = {
  watch: ({ page: window }) => window.locator('.activitybar a.action-label[aria-label^="Explorer"]').first().click(),
  seen: (workbench) => workbench.pane("Deployments").waitFor({ timeout: 20_000 }),
};

async function openWalkthrough(workbench: Workbench): Promise<void> {
  if ((await workbench.page.locator(".gettingStartedContainer .getting-started-step:visible").count()) === 0) {
    await workbench.run("Welcome: Open Walkthrough...");
    await workbench.choose("Deploy with Auto-Deployer");
  }
}

async function openSetting(workbench: Workbench): Promise<void> {
  await workbench.run("Preferences: Open Settings (UI)");
  await workbench.page.locator(".settings-editor .suggest-input-container").first().click();
  await workbench.page.keyboard.type("autoDeployer.llm.provider");
  await workbench.page.locator(".settings-editor .action-label", { hasText: "Remote" }).click(); // of the machine
}

export const EMPTY_WINDOW: readonly Scene[] = [
  {
    state: "empty window, welcome",
    at: welcomeOf("Deployments"),
    presses: { "welcome git URL": DEPLOY_URL, "welcome Open Folder": asks("Open Folder") },
  },
  {
    state: "empty window, title",
    at: titleOf("Deployments"),
    presses: {
      "deployments title deploy": DEPLOY_URL,
      "deployments title showOutput": OFFERED,
      "deployments title showPlan": asks("Show Plan", "A git URL"),
      "deployments title showServerLog": OFFERED,
      "deployments title selectInterpreter": OFFERED,
      "deployments title setUpModel": OFFERED,
      "deployments title removeModelKey": OFFERED,
      "deployments title restartServer": NEW_SERVER,
    },
  },
  {
    state: "empty window, walkthrough",
    at: WALKTHROUGH,
    open: openWalkthrough,
    presses: { "walkthrough Deploy…": DEPLOY_URL, "walkthrough Open Log": NO_DEPLOYMENT, "walkthrough Show Deployments": VIEW },
  },
  {
    state: "empty window, settings",
    at: settingOf("autoDeployer.llm.provider"),
    open: openSetting,
    presses: { "settings Set Up a Model…": asks("Set Up a Model", "OpenAI") },
  },
];

/** Its Python is told to be this program. */
export function takePython(workbench: Workbench, interpreter: string): void {
  const file = path.join(workbench.folders, "data", "Machine", "settings.json");
  writeFileSync(file, JSON.stringify({ ...MACHINE, "autoDeployer.interpreter": interpreter }));
}

const NO_PYTHON = tells("names /nowhere/python");
const SERVER_LOG = panel("/nowhere/python");

export const NO_SERVER: readonly Scene[] = [
  {
    state: "no server, its notification",
    at: notification("names /nowhere/python"),
    open: async (workbench) => {
      if ((await workbench.toast("names /nowhere/python").count()) === 0) {
        await workbench.command("Restart Server");
      }
      await workbench.toast("names /nowhere/python").waitFor();
    },
    presses: {
      "toast Select Interpreter": asks("Select Interpreter", "Look for one"),
      "toast Show Log": SERVER_LOG,
      "toast Try Again": NO_PYTHON,
    },
  },
  {
    state: "no server, welcome",
    at: welcomeOf("Deployments"),
    presses: {
      "welcome Try Again": NO_PYTHON,
      "welcome Select Interpreter": asks("Select Interpreter", "Look for one"),
      "welcome Show Log": SERVER_LOG,
    },
  },
];

export const SERVER_STARTS: readonly Scene[] = [
  {
    state: "the server starts, welcome",
    at: welcomeOf("Deployments"),
    open: (workbench) => workbench.pane("Deployments").getByText("server is starting").waitFor(),
    presses: { "welcome Show Log": panel("taken") },
  },
];

/** Pressed by other tests, which have what it takes: the file, and the words there. */
export const ELSEWHERE: Readonly<Record<string, readonly [file: string, words: string]>> = {
  "toast Answer…": ["env.test.ts", '"Answer…"'],
  "toast Open in Browser": ["ask.test.ts", '"Open in Browser"'],
  "toast Delete": ["ask.test.ts", '{ hasText: "Delete" }'],
  "toast Enter a Token": ["sign-in.test.ts", '"Enter a Token"'],
  "toast Review…": ["model.test.ts", '"Review…", "Review…"'],
  "toast Restart": ["env.test.ts", '"Restart"'],
  "toast Save Anyway": ["model.test.ts", '"Save Anyway"'],
  "toast Use GitHub Sign-In": ["sign-in.test.ts", "SIGN_IN"],
};
