/** The server's private environment, made from the wheel in the package, for when no Python has the server installed. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { ServerStartError } from "./errors";
import type { Interpreter } from "./interpreter";

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
const OFFLINE =
  /NewConnectionError|NameResolutionError|Temporary failure in name resolution|Could not fetch URL|ProxyError|ConnectTimeout|Network is unreachable|getaddrinfo failed/i;

/** Python of an environment with the bundled server; made where it is not there yet. */
export async function privatePython(interpreter: Interpreter, storage: Storage, installing: Installing): Promise<string> {
  const wheel = await bundledWheel(storage.bundled);
  if (wheel === undefined) {
    throw new ServerStartError("noWheel", "The server's package is not part of this extension.");
  }
  const name = `${path.basename(wheel, ".whl")}-py${interpreter.version.split(".", 2).join(".")}`;
  const folder = path.join(storage.folder, name);
  const python = path.join(folder, ...(process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"]));
  const ready = path.join(folder, ".ready");
  if (existsSync(ready) && existsSync(python)) {
    installing.log(`Private environment: ${folder}`);
    return python;
  }
  await mkdir(storage.folder, { recursive: true });
  await rm(folder, { recursive: true, force: true });
  installing.log(`Making a private environment in ${folder}`);
  installing.progress("Making a Python environment");
  await run(interpreter.path, ["-m", "venv", folder], installing, "noVenv");
  installing.progress("Installing the server and what it needs");
  const wheels = path.join(storage.bundled, "wheels");
  const offline = existsSync(wheels) ? ["--no-index", "--find-links", wheels] : [];
  const install = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", ...offline, wheel];
  await run(python, install, installing, "installFailed");
  await writeFile(ready, "");
  await removeOthers(storage.folder, name);
  return python;
}

async function bundledWheel(folder: string): Promise<string | undefined> {
  const names = existsSync(folder) ? await readdir(folder) : [];
  const name = names
    .filter((file) => file.endsWith(".whl"))
    .sort()
    .at(-1);
  return name === undefined ? undefined : path.join(folder, name);
}

/** Environments of earlier versions are of no use any more. */
async function removeOthers(folder: string, kept: string): Promise<void> {
  const others = (await readdir(folder)).filter((name) => name !== kept && name.startsWith("auto_deployer-"));
  await Promise.all(others.map((name) => rm(path.join(folder, name), { recursive: true, force: true })));
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
      } else if (OFFLINE.test(stderr)) {
        reject(new ServerStartError("noNetwork", "What the server needs could not be downloaded."));
      } else {
        const why = stderr.trim().split("\n").at(-1) || error.message;
        reject(new ServerStartError(fault, `${path.basename(program)} ${args.slice(0, 3).join(" ")} failed: ${why}`));
      }
    });
  });
}
