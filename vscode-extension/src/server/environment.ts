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
/** Marks an environment as complete; its time is that of the last start of a server from it. */
const READY = ".ready";
const OFFLINE =
  /NewConnectionError|NameResolutionError|Temporary failure in name resolution|Could not fetch URL|ProxyError|ConnectTimeout|Network is unreachable|getaddrinfo failed|from versions: none/i;

/** Where a private environment's Python comes from, as the log names it. */
export const PRIVATE = "private environment";
/** `<wheel>-py3.12`, and not `<wheel>-py3.12.<process>`, which is still being made. */
const FINISHED = /-py\d+\.\d+$/;

/** Pythons of the environments that were made for the bundled server before, as candidates. */
export async function privatePythons(storage: Storage): Promise<Candidate[]> {
  const wheel = await bundledWheel(storage.bundled);
  const names = wheel !== undefined && existsSync(storage.folder) ? await readdir(storage.folder) : [];
  return names
    .filter((name) => wheel !== undefined && name.startsWith(`${stem(wheel)}-py`) && FINISHED.test(name))
    .map((name) => path.join(storage.folder, name))
    .filter(isReady)
    .map((folder) => ({ program: pythonOf(folder), args: [], origin: PRIVATE }));
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
      await moveInto(folder, making);
    } finally {
      await rm(making, { recursive: true, force: true });
    }
  }
  installing.log(`Private environment: ${folder}`);
  const python = pythonOf(folder);
  await markUsed(python);
  await removeUnused(storage.folder);
  return python;
}

/** A server is started with this private environment's Python: it stays for another while. */
export async function markUsed(python: string): Promise<void> {
  const now = new Date();
  // where it cannot be marked, it can be used all the same
  await utimes(path.join(path.dirname(path.dirname(python)), READY), now, now).catch(() => undefined);
}

/** Put what was made in its place, unless another window was quicker: a server may run from that one already. */
async function moveInto(folder: string, making: string): Promise<void> {
  if (isReady(folder)) {
    return;
  }
  await rm(folder, { recursive: true, force: true });
  await rename(making, folder).catch((error: unknown) => {
    if (!isReady(folder)) {
      throw error;
    }
  });
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
  await run(interpreter.path, ["-I", "-m", "venv", folder], storage.folder, installing, "noVenv");
  installing.progress("Installing the server and what it needs");
  const wheels = path.join(storage.bundled, "wheels");
  const offline = existsSync(wheels) ? ["--no-index", "--find-links", wheels] : [];
  const install = ["-I", "-m", "pip", "install", "--disable-pip-version-check", "--no-input", ...offline, wheel];
  await run(pythonOf(folder), install, storage.folder, installing, "installFailed");
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
    try {
      const ready = path.join(folder, name, READY);
      const used = await stat(existsSync(ready) ? ready : path.join(folder, name));
      if (Date.now() - used.mtimeMs > UNUSED_MS) {
        await rm(path.join(folder, name), { recursive: true, force: true });
      }
    } catch {
      // another window has just moved or removed it, or it is in use: the next start looks again
    }
  }
}

/** Run Python, isolated (`-I`) and away from the workspace: nothing that lies there may be imported. */
function run(
  program: string,
  args: string[],
  cwd: string,
  installing: Installing,
  fault: "noVenv" | "installFailed",
): Promise<void> {
  const options = {
    cwd,
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
        reject(new ServerStartError(fault, `${path.basename(program)} ${args.slice(0, 4).join(" ")} failed: ${why}`));
      }
    });
  });
}
