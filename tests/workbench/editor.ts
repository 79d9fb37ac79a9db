/** The editor's process (code-server): where it is installed, how it is started and ended, and what belongs to it. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import path from "node:path";

export const ROOT = path.resolve(import.meta.dirname, "../..");
const INSTALLED = process.env.WORKBENCH ?? path.join(homedir(), ".cache", "auto-deployer-workbench");
const VSIX = process.env.VSIX ?? path.join(ROOT, "vscode-extension", "dist", "auto-deployer.vsix");
export const PYTHON = process.env.PYTHON ?? path.join(ROOT, ".venv", "bin", "python");
export const ARTIFACTS = process.env.WORKBENCH_ARTIFACTS ?? path.join(tmpdir(), "auto-deployer-workbench");
/** Generous: a busy machine is no failure. */
export const WAIT_MS = 60_000;

/** Machine settings: where the server and its Python are. */
export const MACHINE = { "autoDeployer.interpreter": PYTHON };

const SETTINGS = {
  "chat.disableAIFeatures": true,
  "editor.minimap.enabled": false,
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": "off",
  "security.workspace.trust.banner": "never",
  "security.workspace.trust.startupPrompt": "never",
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "window.commandCenter": false,
  "workbench.reduceMotion": "on",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
};

export interface Options {
  /** Folder to open; its `agent_logs` are kept when the test fails. */
  readonly folder: string;
  /** Workspace file to open in its place. */
  readonly workspace?: string;
  /** Of the pictures and the log. */
  readonly name: string;
  readonly trusted?: boolean;
  /** Folder of the one extension to take the place of all that come with the editor. */
  readonly builtin?: string;
  /** Machine settings of this workbench. */
  readonly machine?: Record<string, unknown>;
  readonly size?: { readonly width: number; readonly height: number };
}

export interface Editor {
  readonly server: ChildProcess;
  readonly url: string;
}

/** Start one whose folders are all below `folders`. */
export async function startEditor(options: Options, folders: string): Promise<Editor> {
  const userData = path.join(folders, "data");
  mkdirSync(path.join(folders, "home"));
  mkdirSync(ARTIFACTS, { recursive: true });
  settings(path.join(userData, "User"), SETTINGS);
  settings(path.join(userData, "Machine"), { ...MACHINE, ...options.machine });
  const port = await freePort();
  const server = serve(options, folders, userData, port);
  const url = `http://127.0.0.1:${port}`;
  await healthy(`${url}/healthz`, server);
  return { server, url };
}

export async function ended(server: ChildProcess): Promise<void> {
  const exit = new Promise((resolve) => server.once("exit", resolve));
  process.kill(-(server.pid ?? 0), "SIGTERM");
  const late = setTimeout(() => process.kill(-(server.pid ?? 0), "SIGKILL"), 20_000);
  await exit;
  clearTimeout(late);
}

/** Deployments and the apps that were deployed outlive the editor, as they should; not the test. */
export function endProcessesOf(home: string): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/environ`, "utf-8").split("\0").includes(`HOME=${home}`)) {
        process.kill(Number(pid), "SIGKILL");
      }
    } catch {
      // it ended by itself, or is somebody else's
    }
  }
}

export function pgrep(...args: string[]): number[] {
  return spawnSync("pgrep", args, { encoding: "utf-8" }).stdout.trim().split("\n").filter(Boolean).map(Number);
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
  const opened = options.workspace ?? options.folder;
  const server = spawn(node, [...common, ...listen, ...quiet, ...trust, ...builtin(options.builtin, folders), opened], {
    env,
    detached: true,
  });
  const log = path.join(ARTIFACTS, `${options.name}-server.log`);
  writeFileSync(log, "");
  for (const stream of [server.stdout, server.stderr]) {
    stream.on("data", (chunk: Buffer) => appendFileSync(log, chunk));
  }
  return server;
}

function builtin(extension: string | undefined, folders: string): string[] {
  if (extension === undefined) {
    return [];
  }
  const all = path.join(folders, "builtin");
  cpSync(extension, path.join(all, path.basename(extension)), { recursive: true });
  return ["--vscode-option", `builtin-extensions-dir=${all}`];
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
  process.kill(-(server.pid ?? 0), "SIGKILL");
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
