/** Presses entries one after the other, and notes what went wrong: all of it, since one fault should not hide the next. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { WAIT_MS } from "../editor.ts";
import type { Workbench } from "../workbench.ts";
import { type Key, readManifest, shortName } from "./entries.ts";
import type { Place } from "./places.ts";
import { DISABLED, dismissAll, type OFFERED, PATIENCE, putAway, type Sight } from "./sights.ts";

/** Entries in one state: of a row, of a view's title, of a notification, or of the palette. */
export interface Scene {
  /** What is there to be pressed on, as people say it; of pictures and faults. */
  readonly state: string;
  /** Where the keys are looked for: exactly these are offered there. */
  readonly at: Place;
  /** Brings the place about, before each press; nothing is done where it is there. */
  readonly open?: (workbench: Workbench) => Promise<unknown>;
  /** A row that has the focus meanwhile. */
  readonly focus?: string;
  readonly presses: Readonly<Record<Key, Sight | typeof OFFERED | typeof DISABLED>>;
}

/** What tells of a deployment, or of what the test did to the server, which is killed where it takes long to end; no fault of the press. */
const MEANT = /Deployment of .* (failed|interrupted)|autoDeployer\.interpreter names|exited with signal SIGKILL/;
/** The log of the extension host, and ours. */
const LOGS = /(remoteexthost|auto-deployer\.auto-deployer\/Auto-Deployer)\.log$/;
/** Of the editor itself. */
const NOT_OURS = /watchdog|Channel has been closed/;

export class Presser {
  readonly faults: string[] = [];
  private readonly titles: ReadonlyMap<string, string>;
  private readonly read = new Map<string, number>();
  private readonly consoleErrors: string[] = [];

  private readonly workbench: Workbench;

  constructor(workbench: Workbench) {
    this.workbench = workbench;
    const { commands } = readManifest().contributes;
    this.titles = new Map(commands.map(({ command, title }) => [shortName(command), title]));
    workbench.page.on("console", (message) => {
      if (message.type() === "error" && message.text().includes("auto-deployer")) {
        this.consoleErrors.push(message.text());
      }
    });
  }

  async play(...scenes: readonly Scene[]): Promise<void> {
    this.workbench.page.setDefaultTimeout(PATIENCE.timeout); // what cannot be pressed is noted, and the next is pressed
    for (const scene of scenes) {
      try {
        await scene.open?.(this.workbench);
        await this.compare(scene);
      } catch (error) {
        await this.note(scene.state, error);
      }
      await putAway(this.workbench);
      for (const [key, sight] of Object.entries(scene.presses)) {
        if (typeof sight === "object") {
          await this.press(scene, key, sight);
        }
      }
      await this.workbench.screenshot(scene.state.replaceAll(/\W+/g, "-"));
    }
    this.workbench.page.setDefaultTimeout(WAIT_MS);
  }

  /** What is offered there is what has a case, and the other way round. */
  private async compare({ state, at, presses }: Scene): Promise<void> {
    if ("click" in presses) {
      return; // it has no entries
    }
    const shown = (await at.offered(this.workbench)).sort();
    const expected = Object.entries(presses).map(([key, sight]) => {
      return `${this.labelOf(key)}${sight === DISABLED ? " (disabled)" : ""}`;
    });
    const wanted = [...new Set(expected)].sort();
    if (JSON.stringify([...new Set(shown)]) !== JSON.stringify(wanted)) {
      const unknown = shown.filter((label) => !wanted.includes(label));
      const gone = wanted.filter((label) => !shown.includes(label));
      this.fault(`${state}: offered without a case: ${unknown.join(", ") || "-"}; not offered: ${gone.join(", ") || "-"}`);
    }
  }

  private async press({ state, at, focus, open }: Scene, key: Key, sight: Sight): Promise<void> {
    const name = `${state}: ${key}`;
    const { workbench } = this;
    const started = Date.now();
    try {
      await open?.(workbench);
      if (focus !== undefined) {
        await workbench.row(focus).first().click();
      }
      const watched = sight.watch?.(workbench);
      await at.press(workbench, this.labelOf(key), / inline /.test(key));
      await sight.seen(workbench, watched).catch((error: unknown) => this.note(name, error));
      await this.look(name);
      await putAway(workbench);
      await sight.back?.(workbench, watched);
    } catch (error) {
      await this.note(name, error);
      await putAway(workbench);
    }
    await this.look(name);
    if (process.env.PRESSING) {
      console.log(`${String(Date.now() - started).padStart(6)} ms  ${name}`);
    }
  }

  private async note(name: string, error: unknown): Promise<void> {
    this.fault(`${name}: ${firstLine(error)}`);
    await this.workbench.screenshot(`fault-${name.replaceAll(/\W+/g, "-")}`.slice(0, 80));
  }

  private fault(...found: readonly string[]): void {
    this.faults.push(...found);
    if (process.env.PRESSING && found.length > 0) {
      console.log(found.join("\n"));
    }
  }

  private labelOf(key: Key): string {
    const [, , name = ""] = /^(palette|\w+ \w+) (\w+)$/.exec(key) ?? [];
    return this.titles.get(name) ?? key.slice(key.indexOf(" ") + 1);
  }

  /** Error notifications and lines of errors since the last look. */
  private async look(name: string): Promise<void> {
    const { page } = this.workbench;
    const errors = page.locator(".notification-toast").filter({ has: page.locator(".notification-list-item-icon.codicon-error") });
    for (const text of await errors.locator(".notification-list-item-message").allTextContents()) {
      if (!MEANT.test(text)) {
        this.fault(`${name}: error notification: ${text}`);
        await this.note(name, "with an error notification");
        await dismissAll(this.workbench);
      }
    }
    const lines = [...this.newLogLines().filter((line) => /\[error\]/.test(line)), ...this.consoleErrors.splice(0)];
    this.fault(...lines.filter((line) => !NOT_OURS.test(line) && !MEANT.test(line)).map((line) => `${name}: logged: ${line}`));
  }

  private newLogLines(): string[] {
    const folder = path.join(this.workbench.folders, "data", "logs");
    const files = readdirSync(folder, { recursive: true, encoding: "utf-8" }).filter((file) => LOGS.test(file));
    return files.flatMap((file) => {
      const text = readFileSync(path.join(folder, file), "utf-8");
      const from = this.read.get(file) ?? 0;
      this.read.set(file, text.length);
      return text.slice(from).split("\n");
    });
  }
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error)
    .split("\n")
    .slice(0, 2)
    .join(" ");
}
