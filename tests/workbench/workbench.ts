/** A VS Code workbench (code-server) with the packed extension in a headless Chromium, all of it in folders of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type BrowserContext, chromium, type Locator, type Page } from "playwright-core";
import { ARTIFACTS, ended, endProcessesOf, type Options, PYTHON, pgrep, startEditor, WAIT_MS } from "./editor.ts";

const CHROMIUM_ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

interface Parts {
  readonly page: Page;
  readonly url: string;
  readonly server: ChildProcess;
  readonly browser: BrowserContext;
  /** All that belongs to this workbench lies below it. */
  readonly folders: string;
}

export class Workbench {
  readonly page: Page;
  private readonly options: Options;
  private readonly parts: Parts;
  private shots = 0;

  private constructor(options: Options, parts: Parts) {
    this.options = options;
    this.parts = parts;
    this.page = parts.page;
  }

  static async open(options: Options): Promise<Workbench> {
    const folders = mkdtempSync(path.join(tmpdir(), "workbench-"));
    const { server, url } = await startEditor(options, folders);
    const browser = await chromium.launchPersistentContext(path.join(folders, "browser"), {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      headless: true,
      args: CHROMIUM_ARGS,
      viewport: options.size ?? { width: 1280, height: 860 },
      reducedMotion: "reduce",
      permissions: ["clipboard-read", "clipboard-write"],
    });
    browser.setDefaultTimeout(WAIT_MS);
    const page = browser.pages()[0] ?? (await browser.newPage());
    const opened = options.workspace ? `workspace=${options.workspace}` : `folder=${options.folder}`;
    const workbench = new Workbench(options, { page, url: `${url}/?${opened}`, server, browser, folders });
    try {
      await workbench.load();
      await workbench.drag(workbench.page.locator(".part.sidebar"), "right", 110); // as wide as who reads in it has it
    } catch (error) {
      await workbench.close(true);
      throw error;
    }
    return workbench;
  }

  /** (Re)load the window, without its folder where it is to be an empty one, and open our view. */
  async load(empty = false): Promise<void> {
    await this.page.goto(empty ? `${new URL(this.parts.url).origin}/?ew=true` : this.parts.url);
    await this.page.locator(".monaco-workbench").waitFor();
    const icon = this.page.locator('.activitybar a.action-label[aria-label^="Auto-Deployer"]').first();
    await icon.waitFor();
    const pane = this.pane("Deployments");
    // A window that had our view open opens it again, perhaps between the look and the click, which then closes it.
    for (const end = Date.now() + WAIT_MS; Date.now() < end && !(await appears(pane, 1000)); ) {
      await icon.click();
      await appears(pane, 5000);
    }
    await pane.waitFor();
  }

  /** Make a part of the window larger by its edge. */
  async drag(part: Locator, edge: "right" | "bottom", by: number): Promise<void> {
    const box = await part.boundingBox();
    if (box === null) {
      throw new Error("what is not shown has no edge");
    }
    const [x, y] = edge === "right" ? [box.x + box.width, box.y + box.height / 2] : [box.x + box.width / 2, box.y + box.height];
    const to = edge === "right" ? ([x + by, y] as const) : ([x, y + by] as const);
    await this.page.mouse.move(x, y);
    await this.page.mouse.down();
    await this.page.mouse.move(...to, { steps: 4 });
    await this.page.mouse.up();
  }

  /** Run one of our commands from the palette. */
  async command(title: string): Promise<void> {
    await this.run(`Auto-Deployer: ${title}`);
  }

  /** Run a command of the editor's from the palette, whose list is made when it opens: perhaps before the command is there. */
  async run(title: string): Promise<void> {
    for (const end = Date.now() + WAIT_MS; Date.now() < end; ) {
      await this.palette(title);
      if (await appears(this.choice(title).first(), 3000)) {
        break;
      }
      await this.page.keyboard.press("Escape");
    }
    await this.choose(title);
  }

  /** All that belongs to this workbench lies below it. */
  get folders(): string {
    return this.parts.folders;
  }

  /** Open the palette on the commands with this text. */
  async palette(text: string): Promise<void> {
    await this.input("F1", `>${text}`);
  }

  /** Answer the input box that is open. */
  async type(text: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget input.input");
    await input.fill(text);
    await input.press("Enter");
  }

  /** Put the cursor into a line of the open editor. */
  async goTo(line: number): Promise<void> {
    await (await this.input("Control+g", `:${line}`)).press("Enter");
  }

  /** Show the first place of this text in the open editor. */
  async find(text: string): Promise<void> {
    await this.page.keyboard.press("Control+f");
    const input = this.page.locator(".find-widget.visible textarea").first();
    await input.fill(text);
    await input.press("Enter");
    await input.press("Escape");
  }

  /** Open an input with a key, which may be lost while the editor is busy, and fill it. */
  private async input(key: string, text: string): Promise<Locator> {
    const input = this.page.locator(".quick-input-widget input.input");
    for (const end = Date.now() + WAIT_MS; Date.now() < end; ) {
      await this.page.keyboard.press(key);
      try {
        await input.fill(text, { timeout: 2000 });
        return input;
      } catch {
        // not there yet
      }
    }
    throw new Error(`${key} opened no input`);
  }

  /** Take the row of the open list that has this text; a click while the list is being drawn may be lost. */
  async choose(text: string): Promise<void> {
    const row = this.choice(text).first();
    await row.waitFor();
    for (const end = Date.now() + WAIT_MS; Date.now() < end; ) {
      try {
        await this.page.mouse.move(0, 0); // the description of the row above may cover it
        await row.click({ timeout: 3000 });
        await row.waitFor({ state: "hidden", timeout: 3000 });
        return;
      } catch {
        if (!(await row.isVisible())) {
          return;
        }
      }
    }
    throw new Error(`${text} could not be chosen`);
  }

  choice(text: string): Locator {
    return this.page.locator(".quick-input-list .monaco-list-row", { hasText: text });
  }

  pane(title: string): Locator {
    return this.page.locator(".pane").filter({ has: this.page.locator(".pane-header", { hasText: title }) });
  }

  /** Rows of a view whose accessibility label has this text. */
  row(label: string | RegExp, view = "Deployments"): Locator {
    const rows = this.pane(view).locator(".monaco-list-row");
    return typeof label === "string" ? rows.and(this.page.locator(`[aria-label*="${label}"]`)) : rows.filter({ hasText: label });
  }

  /** A button in the title of a view. */
  titleButton(label: string, view = "Deployments"): Locator {
    return this.pane(view).locator(`.pane-header a.action-label[aria-label^="${label}"]`);
  }

  /** Press an inline action of a row, which may be drawn anew under the mouse. */
  async act(row: Locator, action: string): Promise<void> {
    for (const end = Date.now() + WAIT_MS; Date.now() < end; ) {
      try {
        await row.hover({ timeout: 5000 });
        await row.locator(`a.action-label[aria-label*="${action}"]`).first().click({ timeout: 3000 });
        return;
      } catch {
        // once more
      }
    }
    throw new Error(`${action} could not be pressed`);
  }

  /** Take an entry of a row's context menu. */
  async menu(row: Locator, entry: string): Promise<void> {
    await row.click({ button: "right" });
    await this.page.locator(".monaco-menu .action-label", { hasText: entry }).first().hover();
    await this.page.keyboard.press("Enter");
  }

  /** Open a row that is closed. */
  async expand(row: Locator): Promise<void> {
    await row.locator(".monaco-tl-twistie").click();
  }

  toast(text: string): Locator {
    return this.page.locator(".notification-toast", { hasText: text });
  }

  /** Press a button of the notification that has this text. */
  async press(toast: string, button: string): Promise<void> {
    await this.toast(toast).locator(".monaco-button", { hasText: button }).first().click();
  }

  /** Close the notification that has this text without an answer. */
  async dismiss(toast: string): Promise<void> {
    await this.toast(toast).hover();
    await this.toast(toast).locator(".codicon-notifications-clear").first().click();
  }

  /** The output panel where it shows this text. */
  output(text: string): Locator {
    return this.page.locator(".part.panel .view-lines", { hasText: text });
  }

  /** Start our command line tool, as a terminal of this workbench would. */
  cli(args: readonly string[]): ChildProcess {
    const env = { ...process.env, HOME: path.join(this.parts.folders, "home") };
    return spawn(PYTHON, ["-m", "auto_deployer", ...args], { env, stdio: "ignore" });
  }

  /** Processes of this workbench whose command line has this text. */
  processes(text: string): number[] {
    return pgrep("-g", String(this.parts.server.pid), "-f", text);
  }

  /** Processes of the apps that were deployed from this workbench; they are not its own. */
  appProcesses(text: string): number[] {
    return pgrep("-f", `${path.join(this.parts.folders, "home", "deployments")}/.*${text}`);
  }

  /** Wait for what no element tells. */
  async until(done: () => boolean | Promise<boolean>): Promise<void> {
    for (const end = Date.now() + WAIT_MS; !(await done()); ) {
      if (Date.now() > end) {
        throw new Error(`not within ${WAIT_MS} ms: ${done}`);
      }
      await this.page.waitForTimeout(200);
    }
  }

  /** Text of the editor that is open (the lines that are rendered). */
  editor(text?: string | RegExp): Locator {
    return this.page.locator(".editor-instance .view-lines", text === undefined ? undefined : { hasText: text });
  }

  async screenshot(stage: string): Promise<void> {
    this.shots += 1;
    const file = `${this.options.name}-${String(this.shots).padStart(2, "0")}-${stage}.png`;
    await this.picture(path.join(ARTIFACTS, file));
  }

  /** With the mouse where nothing reacts to it. */
  async picture(file: string): Promise<void> {
    await this.page.mouse.move(400, 5);
    await this.page.screenshot({ path: file, animations: "disabled" });
  }

  async close(failed: boolean): Promise<void> {
    const { browser, server, folders } = this.parts;
    if (failed) {
      await this.screenshot("failed").catch(() => undefined);
      this.keepLogs();
    }
    await browser.close();
    await ended(server);
    endProcessesOf(path.join(folders, "home"));
    rmSync(folders, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  /** What tells why a test failed, beside the pictures. */
  private keepLogs(): void {
    const { name, folder } = this.options;
    const logs = { editor: path.join(this.parts.folders, "data", "logs"), deployments: path.join(folder, "agent_logs") };
    for (const [whose, from] of Object.entries(logs)) {
      if (existsSync(from)) {
        cpSync(from, path.join(ARTIFACTS, `${name}-logs`, whose), { recursive: true });
      }
    }
  }
}

/** Whether it is there within this time. */
export function appears(what: Locator, timeout: number): Promise<boolean> {
  return what.waitFor({ timeout }).then(
    () => true,
    () => false,
  );
}

/** Opens a workbench for a test, and closes it however the test ends. */
export async function inWorkbench(options: Options, test: (workbench: Workbench) => Promise<void>): Promise<void> {
  const workbench = await Workbench.open(options);
  let failed = true;
  try {
    await test(workbench);
    failed = false;
  } finally {
    await workbench.close(failed);
  }
}
