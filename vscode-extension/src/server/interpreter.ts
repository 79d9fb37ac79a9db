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
  /** Version of the server that is installed there. */
  readonly server: string | null;
}

/** The server's `requires-python`. */
export const OLDEST: readonly [number, number] = [3, 11];
/** Origin of a candidate that the user's setting names. */
export const SETTING = "setting";
const PROBE_MS = 10_000;

// The current folder is taken off the path: nothing of the workspace may be imported.
const PROBE = `
import sys
sys.path[:] = [p for p in sys.path if p not in ("", ".")]
import importlib.metadata, importlib.util, json
has = lambda name: importlib.util.find_spec(name) is not None
print(json.dumps({"path": sys.executable, "version": ".".join(map(str, sys.version_info[:3])),
    "canMakeEnvironments": has("venv") and has("ensurepip"),
    "server": importlib.metadata.version("auto-deployer") if has("auto_deployer") else None}))
`;

export function onPath(platform: NodeJS.Platform): Candidate[] {
  const names = ["python3", "python", ...[14, 13, 12, 11].map((minor) => `python3.${minor}`)];
  const candidates = names.map((program) => ({ program, args: [], origin: "PATH" }));
  return platform === "win32" ? [{ program: "py", args: ["-3"], origin: "Python launcher" }, ...candidates] : candidates;
}

/**
 * The first candidate that has the server in the version that is `wanted`, else the first that can make an environment for it.
 * One from the setting is taken as it is, or nothing is: the user said so.
 */
export async function findInterpreter(
  candidates: readonly Candidate[],
  wanted: string,
  log: (line: string) => void,
  probe: (candidate: Candidate) => Promise<Interpreter | string> = probed,
): Promise<Interpreter> {
  const usable: Interpreter[] = [];
  for (const candidate of candidates) {
    const { origin } = candidate;
    const found = await probe(candidate);
    const fault = typeof found === "string" ? found : tooOld(found);
    if (fault !== undefined || typeof found === "string") {
      const name = [candidate.program, ...candidate.args].join(" ");
      log(`Python from ${origin}: ${name}: not taken, ${fault}`);
      if (origin === SETTING) {
        throw new ServerStartError("badInterpreter", `The setting autoDeployer.interpreter names ${name}: ${fault}.`);
      }
      continue;
    }
    const venv = found.canMakeEnvironments ? "" : ", without venv";
    const server = (found.server === null ? "without the server" : `with the server ${found.server}`) + venv;
    const taken = found.server === wanted || origin === SETTING;
    log(`Python from ${origin}: ${found.path} (${found.version}), ${server}: ${taken ? "taken" : "usable"}`);
    if (taken) {
      return found;
    }
    usable.push(found);
  }
  const best = usable.find((found) => found.canMakeEnvironments);
  if (best !== undefined) {
    log(`Taken: ${best.path} (${best.version}), to make a private environment for the server ${wanted}`);
    return best;
  }
  throw usable[0] === undefined
    ? new ServerStartError("noPython", `No Python ${OLDEST.join(".")} or newer was found.`)
    : new ServerStartError("noVenv", `${usable[0].path} has no venv module, so no private environment can be made with it.`);
}

/** Whether it can run the server as it is. */
export function canRunServer({ server, origin }: Interpreter, wanted: string): boolean {
  return server === wanted || (origin === SETTING && server !== null);
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
        resolve({ ...JSON.parse(stdout), origin: candidate.origin });
      } catch {
        resolve("it did not answer as Python does");
      }
    });
  });
}
