/** Which Python runs the server: candidates in a fixed order, each asked what it is, each choice with a line in the log. */
import { execFile } from "node:child_process";
import { ServerStartError } from "./errors";

export interface Candidate {
  readonly program: string;
  readonly args: readonly string[];
  readonly origin: string;
}

export interface Interpreter {
  readonly path: string;
  readonly version: string;
  readonly origin: string;
  /** It has `venv` and `ensurepip`, so that a private environment can be made with it. */
  readonly canMakeEnvironments: boolean;
  /** The server's package is installed there. */
  readonly hasServer: boolean;
}

/** The server's `requires-python`. */
export const OLDEST: readonly [number, number] = [3, 11];
const PROBE_MS = 10_000;

// The current folder is taken off the path: nothing of the workspace may be imported.
const PROBE = `
import sys
sys.path[:] = [p for p in sys.path if p not in ("", ".")]
import importlib.util, json
has = lambda name: importlib.util.find_spec(name) is not None
print(json.dumps({"path": sys.executable, "version": list(sys.version_info[:3]),
    "canMakeEnvironments": has("venv") and has("ensurepip"), "hasServer": has("auto_deployer")}))
`;

export function onPath(platform: NodeJS.Platform): Candidate[] {
  const names = ["python3", "python", ...[14, 13, 12, 11].map((minor) => `python3.${minor}`)];
  const candidates = names.map((program) => ({ program, args: [], origin: "PATH" }));
  return platform === "win32" ? [{ program: "py", args: ["-3"], origin: "Python launcher" }, ...candidates] : candidates;
}

/**
 * The first candidate that has the server, else the first that can make an environment for it.
 * One from the setting is taken as it is, or nothing is: the user said so.
 */
export async function findInterpreter(
  candidates: readonly Candidate[],
  log: (line: string) => void,
  probe: (candidate: Candidate) => Promise<Interpreter | string> = probed,
): Promise<Interpreter> {
  const usable: Interpreter[] = [];
  for (const candidate of candidates) {
    const name = [candidate.program, ...candidate.args].join(" ");
    const found = await probe(candidate);
    const fault = typeof found === "string" ? found : tooOld(found);
    if (fault !== undefined || typeof found === "string") {
      log(`Python from ${candidate.origin}: ${name}: not taken, ${fault}`);
      if (candidate.origin === "setting") {
        throw new ServerStartError("badInterpreter", `The setting autoDeployer.interpreter names ${name}: ${fault}.`);
      }
      continue;
    }
    if (found.hasServer || candidate.origin === "setting") {
      log(
        `Python from ${candidate.origin}: ${found.path} (${found.version}): taken${found.hasServer ? ", it has the server" : ""}`,
      );
      return found;
    }
    log(`Python from ${candidate.origin}: ${found.path} (${found.version}): usable`);
    usable.push(found);
  }
  const best = usable.find((found) => found.canMakeEnvironments);
  if (best !== undefined) {
    log(`Taken: ${best.path} (${best.version})`);
    return best;
  }
  if (usable[0] !== undefined) {
    throw new ServerStartError("noVenv", `${usable[0].path} has no venv module, so no private environment can be made with it.`);
  }
  throw new ServerStartError("noPython", `No Python ${OLDEST.join(".")} or newer was found.`);
}

/** Why its version does not do, in words; undefined when it does. */
export function tooOld({ version }: Interpreter): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [needMajor, needMinor] = OLDEST;
  return major > needMajor || (major === needMajor && minor >= needMinor)
    ? undefined
    : `it is ${version}, ${OLDEST.join(".")} is needed`;
}

/** What a candidate says about itself, or in words why it cannot be used. */
export function probed(candidate: Candidate): Promise<Interpreter | string> {
  const options = { timeout: PROBE_MS, windowsHide: true, env: { ...process.env, PYTHONIOENCODING: "utf-8" } };
  return new Promise((resolve) => {
    execFile(candidate.program, [...candidate.args, "-c", PROBE], options, (error, stdout, stderr) => {
      if (error) {
        const why = error.code === "ENOENT" ? "there is no such program" : stderr.trim().split("\n").at(-1) || error.message;
        resolve(why);
        return;
      }
      try {
        const told = JSON.parse(stdout) as Omit<Interpreter, "version" | "origin"> & { version: number[] };
        resolve({ ...told, version: told.version.join("."), origin: candidate.origin });
      } catch {
        resolve("it did not answer as Python does");
      }
    });
  });
}
