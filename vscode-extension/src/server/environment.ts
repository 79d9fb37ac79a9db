/** The server's private environment, made from the wheel in the package, for when no Python has the server installed. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { ServerStartError } from "./errors";
import type { Candidate, Interpreter } from "./interpreter";

export interface Storage {
  /** Folder that is ours alone. */
  readonly folder: string;
  /** Folder of the wheel, and of those it needs where all are bundled (`wheels/`). */
  readonly bundled: string;
}

export interface Installing {
  log(line: string): void;
  progress(message: string): void;
  /** Additions to pip's environment: the editor's proxy. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const INSTALL_MS = 10 * 60_000;
const UNUSED_MS = 30 * 24 * 3600_000;
/** Marks an environment as complete; its time is that of its last use. */
const READY = ".ready";
const OFFLINE =
  /NewConnectionError|NameResolutionError|Temporary failure in name resolution|Could not fetch URL|ProxyError|ConnectTimeout|Network is unreachable|getaddrinfo failed|from versions: none/i;

/** Pythons of the environments that were made for the bundled server before, as candidates. */
export async function privatePythons(storage: Storage): Promise<Candidate[]> {
  const wheel = await bundledWheel(storage.bundled);
  const names = wheel !== undefined && existsSync(storage.folder) ? await readdir(storage.folder) : [];
  return names
    .filter((name) => wheel !== undefined && name.startsWith(`${stem(wheel)}-py`) && isReady(path.join(storage.folder, name)))
    .map((name) => ({ program: pythonOf(path.join(storage.folder, name)), args: [], origin: "private environment" }));
}

/** Python of an environment with the bundled server; made where it is not there yet. */
export async function privatePython(interpreter: Interpreter, storage: Storage, installing: Installing): Promise<string> {
  const wheel = await bundledWheel(storage.bundled);
  if (wheel === undefined) {
    throw new ServerStartError("noWheel", "The server's package is not part of this extension.");
  }
  const name = `${stem(wheel)}-py${interpreter.version.split(".", 2).join(".")}`;
  const folder = path.join(storage.folder, name);
  if (!isReady(folder)) {
    const making = `${folder}.${process.pid}`; // another window may be making one, too
    try {
      await make(making, interpreter, wheel, storage, installing);
      await rm(folder, { recursive: true, force: true });
      await rename(making, folder);
    } finally {
      await rm(making, { recursive: true, force: true });
    }
  }
  installing.log(`Private environment: ${folder}`);
  const now = new Date();
  await utimes(path.join(folder, READY), now, now);
  await removeUnused(storage.folder);
  return pythonOf(folder);
}

async function make(
  folder: string,
  interpreter: Interpreter,
  wheel: string,
  storage: Storage,
  installing: Installing,
): Promise<void> {
  await mkdir(storage.folder, { recursive: true });
  await rm(folder, { recursive: true, force: true });
  installing.log(`Making a private environment in ${folder}`);
  installing.progress("Making a Python environment");
  await run(interpreter.path, ["-m", "venv", folder], installing, "noVenv");
  installing.progress("Installing the server and what it needs");
  const wheels = path.join(storage.bundled, "wheels");
  const offline = existsSync(wheels) ? ["--no-index", "--find-links", wheels] : [];
  const install = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", ...offline, wheel];
  await run(pythonOf(folder), install, installing, "installFailed");
  await writeFile(path.join(folder, READY), "");
}

function stem(wheel: string): string {
  return path.basename(wheel, ".whl");
}

function pythonOf(folder: string): string {
  return path.join(folder, ...(process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"]));
}

function isReady(folder: string): boolean {
  return existsSync(path.join(folder, READY)) && existsSync(pythonOf(folder));
}

async function bundledWheel(folder: string): Promise<string | undefined> {
  const names = existsSync(folder) ? await readdir(folder) : [];
  const name = names
    .filter((file) => file.endsWith(".whl"))
    .sort()
    .at(-1);
  return name === undefined ? undefined : path.join(folder, name);
}

/** Environments of earlier versions. One that was used lately stays: a deployment or another window may still run from it. */
async function removeUnused(folder: string): Promise<void> {
  for (const name of (await readdir(folder)).filter((other) => other.startsWith("auto_deployer-"))) {
    const ready = path.join(folder, name, READY);
    const used = await stat(existsSync(ready) ? ready : path.join(folder, name));
    if (Date.now() - used.mtimeMs > UNUSED_MS) {
      await rm(path.join(folder, name), { recursive: true, force: true });
    }
  }
}

function run(program: string, args: string[], installing: Installing, fault: "noVenv" | "installFailed"): Promise<void> {
  const options = {
    timeout: INSTALL_MS,
    maxBuffer: 16 * 1024 * 1024,
    windowsHide: true,
    signal: installing.signal,
    env: { ...process.env, ...installing.env },
  };
  return new Promise((resolve, reject) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      installing.log([`${program} ${args.join(" ")}`, stdout.trim(), stderr.trim()].filter(Boolean).join("\n"));
      if (!error) {
        resolve();
      } else if (installing.signal.aborted) {
        reject(new ServerStartError("stopped", "The installation of the server was cancelled."));
      } else if (args.includes("--no-index") && /No matching distribution/.test(stderr)) {
        reject(new ServerStartError("wrongWheels", "What the extension brings for the server does not fit this Python."));
      } else if (OFFLINE.test(stderr)) {
        reject(new ServerStartError("noNetwork", "What the server needs could not be downloaded."));
      } else {
        const why = stderr.trim().split("\n").at(-1) || error.message;
        reject(new ServerStartError(fault, `${path.basename(program)} ${args.slice(0, 3).join(" ")} failed: ${why}`));
      }
    });
  });
}
