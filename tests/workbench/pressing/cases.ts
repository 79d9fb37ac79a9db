/** What each entry shows in each state of a deployment and its app. The order is that of the presses. */
import type { Controlled } from "../repositories.ts";
import type { Workbench } from "../workbench.ts";
import { clickOn, notification, PALETTE, rowOf, titleOf, welcomeOf } from "./places.ts";
import type { Scene } from "./presser.ts";
import {
  asks,
  both,
  browser,
  clipboard,
  dismissAll,
  editor,
  newProcess,
  OFFERED,
  PATIENCE,
  page,
  panel,
  row,
  type Sight,
  shown,
  tells,
} from "./sights.ts";

export const LOG = editor('"deployment_id"');
export const NEW_SERVER = newProcess((workbench) => workbench.processes("auto_deployer server"));

/** What is in the palette, whatever there is. */
export const ALWAYS_OFFERED = {
  "palette deploy": OFFERED,
  "palette removeModelKey": OFFERED,
  "palette restartServer": OFFERED,
  "palette selectInterpreter": OFFERED,
  "palette setUpModel": OFFERED,
  "palette showOutput": OFFERED,
  "palette showPlan": OFFERED,
  "palette showServerLog": OFFERED,
} as const;

/** There as soon as there is an app, whatever it does. */
export const APP_OFFERED = {
  "palette editAppEnv": OFFERED,
  "palette openApp": OFFERED,
  "palette openAppLog": OFFERED,
  "palette restartApp": OFFERED,
  "palette rollBack": OFFERED,
  "palette startApp": OFFERED,
  "palette stopApp": OFFERED,
} as const;

/** Of the first deployment the app is known from its checkout on; the view looks now and then. */
export async function appIsKnown(workbench: Workbench): Promise<void> {
  await workbench.row("App shop", "Apps").first().waitFor();
}

/** There as soon as there is a deployment, one of which has failed or was cancelled. */
export const HAS_DEPLOYMENTS = {
  "palette copyCommand": OFFERED,
  "palette deleteDeployment": OFFERED,
  "palette deployAgain": OFFERED,
  "palette openLog": OFFERED,
  "palette openOutput": OFFERED,
  "palette retry": OFFERED,
  "palette retryStep": OFFERED,
} as const;

const TITLE = {
  "deployments title deploy": asks("Deploy", "shop"),
  "deployments title showPlan": asks("Show Plan", "shop"),
  "deployments title showServerLog": panel("protocol"),
  "deployments title showOutput": shown(".part.panel"),
  "deployments title restartServer": NEW_SERVER,
  "deployments title selectInterpreter": asks("Select Interpreter", "Look for one"),
  "deployments title setUpModel": asks("Set Up a Model", "OpenAI"),
  "deployments title removeModelKey": tells("No key is kept"),
} as const;

/** The same entries, pressed elsewhere. */
function offered(presses: Scene["presses"]): Scene["presses"] {
  return Object.fromEntries(Object.keys(presses).map((key) => [key, OFFERED]));
}

export const NOTHING_DEPLOYED: readonly Scene[] = [
  {
    state: "nothing deployed, welcome",
    at: welcomeOf("Deployments"),
    presses: {
      "welcome Deploy…": asks("Deploy", "shop"),
      "welcome Show the plan": asks("Show Plan", "shop"),
      "welcome Set up a model": asks("Set Up a Model", "OpenAI"),
      "welcome How it works": page("From a folder to an address"),
    },
  },
  { state: "nothing deployed, title", at: titleOf("Deployments"), presses: offered(TITLE) },
  {
    state: "nothing deployed, palette",
    at: PALETTE,
    presses: {
      "palette deploy": asks("Deploy", "shop"),
      "palette showPlan": asks("Show Plan", "shop"),
      "palette showServerLog": panel("protocol"),
      "palette showOutput": shown(".part.panel"),
      "palette selectInterpreter": asks("Select Interpreter", "Look for one"),
      "palette setUpModel": asks("Set Up a Model", "OpenAI"),
      "palette removeModelKey": tells("No key is kept"),
      "palette restartServer": NEW_SERVER,
    },
  },
];

/** What ran was cancelled. */
const NOTHING_RUNS: Sight = {
  seen: (workbench) => workbench.row("Deployment of shop, running").waitFor({ ...PATIENCE, state: "detached" }),
};

/** It stays, to be pressed once more. */
const TOLD_AGAIN: Sight = { seen: (workbench) => workbench.toast("Step 3").first().waitFor() };

/** A step has failed, and the deployment waits to hear what now; a model is set up, and asked only on the user's word. */
export const QUESTION: readonly Scene[] = [
  {
    state: "question, its notification",
    at: notification("Step 3"),
    presses: { "option Retry": TOLD_AGAIN, "option Ask the model to repair": OFFERED, "toast More…": asks("shop", "Abort") },
  },
  {
    state: "question, deployment",
    at: rowOf("Deployment of shop, running"),
    presses: {
      "deployments inline openLog": LOG,
      "deployments context openLog": LOG,
      "deployments inline cancel": OFFERED,
      "deployments context cancel": OFFERED,
    },
  },
  {
    state: "question, its row",
    at: rowOf("question: Step 3"),
    presses: { "deployments inline answer": asks("shop", "Abort"), "deployments context answer": asks("shop", "Abort") },
  },
  {
    state: "question, failed command",
    at: rowOf("command npm run build, exit 3"),
    presses: {
      "deployments inline openOutput": editor("the shelf is missing"),
      "deployments context openOutput": editor("the shelf is missing"),
      "deployments context copyCommand": clipboard("npm run build"),
    },
  },
  {
    state: "question, click on a command",
    at: clickOn("command npm run build, exit 3"),
    presses: { click: editor("the shelf is missing") },
  },
  {
    state: "question, step to come",
    at: rowOf("Verify, not started yet"),
    presses: { "deployments inline skipStep": asks("Skip Verify"), "deployments context skipStep": asks("Skip Verify") },
  },
  {
    state: "question, failed step",
    at: rowOf("step 3 of 5, Build"),
    presses: {
      "deployments context retryWithHint": asks("Retry with a Hint"),
      "deployments inline retryStep": tells("Step 3"),
      "deployments context retryStep": tells("Step 3"),
      "deployments inline askModel": tells("Step 3"),
      "deployments context askModel": tells("Step 3"),
    },
  },
  {
    state: "question, palette",
    at: PALETTE,
    open: appIsKnown,
    presses: {
      ...ALWAYS_OFFERED,
      ...APP_OFFERED,
      "palette answer": asks("shop", "Abort"),
      "palette skipStep": asks("Skip"),
      "palette retryWithHint": asks("Retry with a Hint"),
      "palette askModel": tells("Step 3"),
      "palette retry": tells("Step 3"),
      "palette retryStep": tells("Step 3"),
      "palette openLog": LOG,
      "palette openOutput": asks("Open Command Output", "npm run build"),
      "palette copyCommand": asks("Copy Command", "npm run build"),
      "palette deployAgain": OFFERED,
      "palette deleteDeployment": OFFERED,
      "palette cancel": NOTHING_RUNS,
    },
  },
];

/** A command runs that has printed nothing yet. */
export function running(app: Controlled): readonly Scene[] {
  const open = async (workbench: Workbench): Promise<void> => {
    if ((await workbench.row("Deployment of shop, running").count()) === 0) {
      app.set("hush");
      await workbench.command("Deploy Again");
    }
    await workbench.row("command npm run build, running").waitFor();
  };
  return [
    {
      state: "running, its command",
      at: rowOf("command npm run build, running"),
      open,
      presses: {
        "deployments inline openOutput": editor("(no output yet)"),
        "deployments context openOutput": OFFERED,
        "deployments context copyCommand": OFFERED,
      },
    },
    {
      state: "running, click on its command",
      at: clickOn("command npm run build, running"),
      open,
      presses: { click: editor("(no output yet)") },
    },
    {
      state: "running, its step",
      at: rowOf("Build, running"),
      open,
      presses: { "deployments inline skipStep": asks("Skip Build"), "deployments context skipStep": OFFERED },
    },
    {
      state: "running, title with a command's row focused",
      at: titleOf("Deployments"),
      focus: "command npm run build, running",
      open,
      presses: TITLE,
    },
    {
      state: "running, palette",
      at: PALETTE,
      open,
      presses: {
        ...ALWAYS_OFFERED,
        ...APP_OFFERED,
        ...HAS_DEPLOYMENTS,
        "palette skipStep": OFFERED,
        "palette cancel": OFFERED,
      },
    },
    {
      state: "running, deployment",
      at: rowOf("Deployment of shop, running"),
      open,
      presses: {
        "deployments inline openLog": OFFERED,
        "deployments context openLog": OFFERED,
        "deployments inline cancel": NOTHING_RUNS,
        "deployments context cancel": NOTHING_RUNS,
      },
    },
  ];
}

/** It prints nothing. */
const SILENT = "command umask 077";
const IN_BROWSER = browser("The shop is open");

/** All went well; the step that starts the app is open, most of whose commands print nothing. */
async function stepIsOpen(workbench: Workbench): Promise<void> {
  if ((await workbench.row(SILENT).count()) === 0) {
    await workbench.expand(workbench.row("Start shop, success").first());
    await workbench.row(SILENT).first().waitFor();
  }
}

/** From then on there is a release to roll back to. */
const SUCCESS_AGAIN: Sight = {
  seen: (workbench) => workbench.row("Deployment of shop, success").nth(1).waitFor(),
  back: (workbench) => dismissAll(workbench),
};

export const SUCCESS: readonly Scene[] = [
  {
    state: "success, its notification",
    at: notification("shop is running at"),
    open: (workbench) => workbench.toast("shop is running at").first().waitFor(),
    presses: { "toast Open in Browser": OFFERED, "toast Open Log": LOG }, // either closes it
  },
  {
    state: "success, deployment",
    at: rowOf("Deployment of shop, success"),
    presses: {
      "deployments inline openApp": IN_BROWSER,
      "deployments context openApp": IN_BROWSER,
      "deployments inline openLog": OFFERED,
      "deployments context openLog": OFFERED,
      "deployments context deleteDeployment": OFFERED,
      "deployments context deployAgain": SUCCESS_AGAIN,
    },
  },
  {
    state: "success, address",
    at: rowOf("app at http"),
    presses: { "deployments inline openApp": IN_BROWSER, "deployments context openApp": OFFERED },
  },
  { state: "success, click on a silent command", at: clickOn(SILENT), open: stepIsOpen, presses: { click: editor("(no output)") } },
  {
    state: "success, a silent command",
    at: rowOf(SILENT),
    open: stepIsOpen,
    presses: { "deployments context copyCommand": clipboard("umask 077") },
  },
];

/** What can be done with an app, whatever it does. */
const APP = {
  "apps inline openAppLog": editor("open on port"),
  "apps context openAppLog": editor("open on port"),
  "apps context editAppEnv": asks("Environment of shop", "Add a variable"),
  "apps context rollBack": asks("Roll back shop"),
} as const;

const STOPPED = row("App shop, stopped", "Apps");
const RUNS = row("App shop, running", "Apps");
const NEW_APP = both(
  newProcess((workbench) => workbench.appProcesses("run/keeper")),
  RUNS,
);

async function appRuns(workbench: Workbench): Promise<void> {
  if ((await workbench.row("App shop, running", "Apps").count()) === 0) {
    await workbench.act(workbench.row("App shop", "Apps").first(), "Start App");
    await workbench.row("App shop, running", "Apps").waitFor();
  }
}

async function appIsStopped(workbench: Workbench): Promise<void> {
  if ((await workbench.row("App shop, stopped", "Apps").count()) === 0) {
    await workbench.act(workbench.row("App shop", "Apps").first(), "Stop App");
    await workbench.row("App shop, stopped", "Apps").waitFor();
  }
}

export const APP_RUNS: readonly Scene[] = [
  {
    state: "app runs, its row",
    at: rowOf("App shop, running", "Apps"),
    open: appRuns,
    presses: {
      ...APP,
      "apps inline openApp": IN_BROWSER,
      "apps context openApp": IN_BROWSER,
      "apps context restartApp": NEW_APP,
      "apps inline stopApp": STOPPED,
      "apps context stopApp": STOPPED,
    },
  },
  {
    state: "app runs, palette",
    at: PALETTE,
    open: appRuns,
    presses: {
      ...ALWAYS_OFFERED,
      ...HAS_DEPLOYMENTS,
      "palette openApp": IN_BROWSER,
      "palette openAppLog": editor("open on port"),
      "palette editAppEnv": asks("Environment of shop", "Add a variable"),
      "palette rollBack": asks("Roll back shop"),
      "palette startApp": tells("there is no app for that"),
      "palette restartApp": NEW_APP,
      "palette stopApp": STOPPED,
    },
  },
];

export const APP_STOPPED: readonly Scene[] = [
  {
    state: "app stopped, its row",
    at: rowOf("App shop, stopped", "Apps"),
    open: appIsStopped,
    presses: {
      ...offered(APP),
      "apps inline startApp": RUNS,
      "apps context startApp": RUNS,
      "apps context restartApp": OFFERED,
    },
  },
  {
    state: "app stopped, palette",
    at: PALETTE,
    open: appIsStopped,
    presses: {
      ...ALWAYS_OFFERED,
      ...HAS_DEPLOYMENTS,
      ...APP_OFFERED,
      "palette stopApp": tells("there is no app for that"),
      "palette startApp": RUNS,
    },
  },
];
