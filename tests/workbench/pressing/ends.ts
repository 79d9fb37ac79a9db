/** What each entry shows for deployments that ended without success, or that run in a terminal. */
import type { Controlled } from "../repositories.ts";
import type { Workbench } from "../workbench.ts";
import { ALWAYS_OFFERED, APP_OFFERED, HAS_DEPLOYMENTS, LOG } from "./cases.ts";
import { notification, PALETTE, rowOf } from "./places.ts";
import type { Scene } from "./presser.ts";
import { dialog, OFFERED, row, type Sight, tells } from "./sights.ts";

async function cancelled(workbench: Workbench): Promise<void> {
  await workbench.act(workbench.row("Deployment of shop, running"), "Cancel");
  await workbench.row("Deployment of shop, running").waitFor({ state: "detached" });
}

/** A deployment begins, and is cancelled again. */
const BEGINS = row("Deployment of shop, running", "Deployments", cancelled);

export const CANCELLED: readonly Scene[] = [
  {
    state: "cancelled, deployment",
    at: rowOf("Deployment of shop, cancelled"),
    presses: {
      "deployments inline openLog": LOG,
      "deployments context openLog": OFFERED,
      "deployments context deleteDeployment": dialog("Delete the log of this deployment"),
      "deployments inline retry": BEGINS,
      "deployments context retry": BEGINS,
      "deployments context deployAgain": BEGINS,
    },
  },
  {
    state: "cancelled, failed step",
    at: rowOf("step 3 of 5, Build"),
    presses: { "deployments inline retryStep": OFFERED, "deployments context retryStep": BEGINS },
  },
  {
    state: "cancelled, palette",
    at: PALETTE,
    presses: {
      ...ALWAYS_OFFERED,
      ...APP_OFFERED,
      ...HAS_DEPLOYMENTS,
      "palette deployAgain": row("Deployment of shop, running"), // goes on: more is pressed while it runs,
    },
  },
];

/** A deployment that another process than the editor's server runs, and which it can only watch. */
export class InTerminal {
  private readonly workbench: Workbench;
  private readonly app: Controlled;

  constructor(workbench: Workbench, app: Controlled) {
    this.workbench = workbench;
    this.app = app;
  }

  async begin(): Promise<void> {
    this.app.set("wait");
    this.workbench.cli(["deploy", "--repo", this.app.folder, "--log-dir", `${this.app.folder}/agent_logs`]);
    await this.workbench.row("command npm run build, running").waitFor();
  }

  async fails(): Promise<void> {
    this.app.set("fail");
    await this.workbench.toast("Deployment of shop failed").waitFor();
  }

  async succeeds(): Promise<void> {
    this.app.set("pass");
    await this.workbench.row("Deployment of shop, success").waitFor();
  }
}

/** Neither cancelled nor skipped from here. */
export const IN_TERMINAL: readonly Scene[] = [
  {
    state: "in a terminal, deployment",
    at: rowOf("Deployment of shop, running"),
    presses: { "deployments inline openLog": LOG, "deployments context openLog": OFFERED },
  },
];

/** A hint of how to mend it is told, too; no remedy that could be asked for. */
export function failed(app: Controlled): readonly Scene[] {
  return [
    {
      state: "failed, its notification",
      at: notification("Deployment of shop failed"),
      open: async () => app.set("hush"),
      presses: { "toast Open Log": OFFERED, "toast Retry": BEGINS },
    },
    {
      state: "failed, deployment",
      at: rowOf("Deployment of shop, failed"),
      presses: {
        "deployments inline openLog": OFFERED,
        "deployments context openLog": OFFERED,
        "deployments context deleteDeployment": OFFERED,
        "deployments inline retry": OFFERED,
        "deployments context retry": OFFERED,
        "deployments context deployAgain": OFFERED,
      },
    },
  ];
}

const REFUSED_AGAIN: Sight = {
  seen: (workbench) => workbench.row("Deployment of lost, failed").nth(1).waitFor(),
  back: async (workbench, watched) => {
    await tells("Deployment of lost failed").seen(workbench, watched);
  },
};

/** The repository could not be had, and nothing that could be asked for helps. */
export const REFUSED: readonly Scene[] = [
  {
    state: "refused, its notification",
    at: notification("Deployment of lost failed"),
    presses: { "toast Deploy Again": REFUSED_AGAIN, "toast Open Log": OFFERED },
  },
];

/** Ask for a repository that nobody offers. */
export async function deployLost(workbench: Workbench): Promise<void> {
  await workbench.command("Deploy…");
  await workbench.choose("Something else…");
  await workbench.choose("A git URL…");
  await workbench.page.locator(".quick-input-widget", { hasText: "Git URL" }).waitFor();
  await workbench.type("https://127.0.0.1:9/lost.git");
  await workbench.choose("The default branch");
  await workbench.choose("Deploy right away");
  await workbench.toast("Deployment of lost failed").waitFor();
}
