/** A VS Code workbench (code-server) with the packed extension in a headless Chromium, all of it in folders of its own. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { type BrowserContext, chromium, type Locator, type Page } from "playwright-core";

const ROOT = path.resolve(import.meta.dirname, "../..");
const INSTALLED = process.env.WORKBENCH ?? path.join(homedir(), ".cache", "auto-deployer-workbench");
const VSIX = process.env.VSIX ?? path.join(ROOT, "vscode-extension", "dist", "auto-deployer.vsix");
const PYTHON = process.env.PYTHON ?? path.join(ROOT, ".venv", "bin", "python");
export const ARTIFACTS = process.env.WORKBENCH_ARTIFACTS ?? path.join(tmpdir(), "auto-deployer-workbench");
/** Generous: a busy machine is no failure. */
export const WAIT_MS = 60_000;

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

/** Machine settings: where the server and its Python are. */
const MACHINE = { "autoDeployer.interpreter": PYTHON };

const SETTINGS = {
  "chat.disableAIFeatures": true,
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": "off",
  "security.workspace.trust.banner": "never",
  "security.workspace.trust.startupPrompt": "never",
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "window.commandCenter": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
};

export interface Options {
  /** Folder to open. */
  readonly folder: string;
  readonly name: string;
  readonly trusted?: boolean;
  /** Machine settings of this workbench. */
  readonly machine?: Record<string, unknown>;
}

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
  private readonly name: string;
  private readonly parts: Parts;
  private shots = 0;

  private constructor(name: string, parts: Parts) {
    this.name = name;
    this.parts = parts;
    this.page = parts.page;
  }

  static async open(options: Options): Promise<Workbench> {
    const folders = mkdtempSync(path.join(tmpdir(), "workbench-"));
    const home = path.join(folders, "home");
    const userData = path.join(folders, "data");
    mkdirSync(home);
    mkdirSync(ARTIFACTS, { recursive: true });
    settings(path.join(userData, "User"), SETTINGS);
    settings(path.join(userData, "Machine"), { ...MACHINE, ...options.machine });
    const port = await freePort();
    const server = serve(options, folders, userData, port);
    const url = `http://127.0.0.1:${port}`;
    await healthy(`${url}/healthz`, server);
    const browser = await chromium.launchPersistentContext(path.join(folders, "browser"), {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      headless: true,
      args: CHROMIUM_ARGS,
      viewport: { width: 1280, height: 860 },
    });
    browser.setDefaultTimeout(WAIT_MS);
    const page = browser.pages()[0] ?? (await browser.newPage());
    const parts = { page, url: `${url}/?folder=${options.folder}`, server, browser, folders };
    const workbench = new Workbench(options.name, parts);
    await workbench.load();
    return workbench;
  }

  /** (Re)load the window, and open our view. */
  async load(): Promise<void> {
    await this.page.goto(this.parts.url);
    await this.page.locator(".monaco-workbench").waitFor();
    await this.page.locator('.activitybar a.action-label[aria-label^="Auto-Deployer"]').first().click();
    await this.pane("Deployments").waitFor();
  }

  /** Run one of our commands from the palette. */
  async command(title: string): Promise<void> {
    await this.run(`Auto-Deployer: ${title}`);
  }

  /** Run a command of the editor's from the palette, whose list is made when it opens: perhaps before the command is there. */
  async run(title: string): Promise<void> {
    for (const end = Date.now() + WAIT_MS; Date.now() < end; ) {
      await this.palette(title);
      const offered = await this.choice(title)
        .first()
        .waitFor({ timeout: 3000 })
        .then(
          () => true,
          () => false,
        );
      if (offered) {
        break;
      }
      await this.page.keyboard.press("Escape");
    }
    await this.choose(title);
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

  /** Press an inline action of a row. */
  async act(row: Locator, action: string): Promise<void> {
    await row.hover();
    await row.locator(`a.action-label[aria-label*="${action}"]`).first().click();
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
    const found = spawnSync("pgrep", ["-g", String(this.parts.server.pid), "-f", text], { encoding: "utf-8" });
    return found.stdout.trim().split("\n").filter(Boolean).map(Number);
  }

  /** Wait for what no element tells. */
  async until(done: () => boolean): Promise<void> {
    for (const end = Date.now() + WAIT_MS; !done(); ) {
      if (Date.now() > end) {
        throw new Error(`not within ${WAIT_MS} ms: ${done}`);
      }
      await this.page.waitForTimeout(200);
    }
  }

  /** Text of the editor that is open (the lines that are rendered). */
  editor(text?: string): Locator {
    return this.page.locator(".editor-instance .view-lines", text === undefined ? undefined : { hasText: text });
  }

  async screenshot(stage: string): Promise<void> {
    this.shots += 1;
    const file = `${this.name}-${String(this.shots).padStart(2, "0")}-${stage}.png`;
    await this.page.screenshot({ path: path.join(ARTIFACTS, file) });
  }

  async close(failed: boolean): Promise<void> {
    if (failed) {
      await this.screenshot("failed").catch(() => undefined);
    }
    const { browser, server, folders } = this.parts;
    await browser.close();
    const ended = new Promise((resolve) => server.once("exit", resolve));
    process.kill(-(server.pid ?? 0), "SIGTERM");
    await ended;
    endProcessesIn(folders);
    if (!failed) {
      rmSync(folders, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    }
  }
}

/** The apps that were deployed outlive the editor, as they should; not the test. */
function endProcessesIn(folder: string): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (readlinkSync(`/proc/${pid}/cwd`).startsWith(folder)) {
        process.kill(Number(pid), "SIGKILL");
      }
    } catch {
      // it ended by itself
    }
  }
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

function settings(folder: string, values: Record<string, unknown>): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "settings.json"), JSON.stringify(values));
}

function serve(options: Options, folders: string, userData: string, port: number): ChildProcess {
  const node = path.join(INSTALLED, "bin", "node");
  const entry = path.join(INSTALLED, "code-server", "out", "node", "entry.js");
  const common = [entry, "--user-data-dir", userData, "--extensions-dir", path.join(folders, "extensions")];
  const home = path.join(folders, "home");
  const env = {
    ...process.env,
    HOME: home,
    XDG_CONFIG_HOME: path.join(home, ".config"),
    XDG_DATA_HOME: path.join(home, ".local/share"),
  };
  execFileSync(node, [...common, "--install-extension", VSIX], { env, stdio: "pipe" });
  const trust = options.trusted === false ? [] : ["--disable-workspace-trust"];
  const quiet = ["--disable-telemetry", "--disable-update-check", "--disable-getting-started-override"];
  const listen = ["--auth", "none", "--bind-addr", `127.0.0.1:${port}`];
  const server = spawn(node, [...common, ...listen, ...quiet, ...trust, options.folder], { env, detached: true });
  const log = path.join(ARTIFACTS, `${options.name}-server.log`);
  writeFileSync(log, "");
  for (const stream of [server.stdout, server.stderr]) {
    stream.on("data", (chunk: Buffer) => appendFileSync(log, chunk));
  }
  return server;
}

async function healthy(url: string, server: ChildProcess): Promise<void> {
  for (const until = Date.now() + WAIT_MS; Date.now() < until; ) {
    if (server.exitCode !== null) {
      throw new Error(`the workbench ended with ${server.exitCode}`);
    }
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("the workbench did not start");
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
