import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Installing, privatePython, type Storage } from "../../src/server/environment";
import { type Interpreter, onPath, probed } from "../../src/server/interpreter";

const WHEEL = "auto_deployer-0.1.0-py3-none-any.whl";
/** Fake Pythons are scripts for `sh`: what is tested is what we make of their answers. */
const FAKE = `#!/bin/sh
case "$*" in
  "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && echo "$3" >> "$(dirname "$0")/made" ;;
  "-m pip install"*) [ -z "$PIP_SAYS" ] || { echo "$PIP_SAYS" >&2; exit 1; }; echo "$*" "$HTTPS_PROXY" ;;
esac
`;

describe("the private environment", () => {
  let root: string;
  let storage: Storage;
  let lines: string[];

  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), "environment-"));
    storage = { folder: path.join(root, "storage"), bundled: path.join(root, "bundled") };
    mkdirSync(storage.bundled);
    writeFileSync(path.join(storage.bundled, WHEEL), "");
    writeFileSync(path.join(root, "python"), FAKE, { mode: 0o755 });
    lines = [];
  });

  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const python = (version = "3.12.1"): Interpreter => ({
    path: path.join(root, "python"),
    version,
    origin: "PATH",
    canMakeEnvironments: true,
    hasServer: false,
  });

  function make(env: Record<string, string> = {}, interpreter = python()): Promise<string> {
    const installing: Installing = {
      log: (line) => lines.push(line),
      progress: () => undefined,
      env,
      signal: new AbortController().signal,
    };
    return privatePython(interpreter, storage, installing);
  }

  it("is made once for each version of wheel and Python, and old ones are removed", async () => {
    const first = await make({ HTTPS_PROXY: "http://proxy.example:3128" });
    expect(path.relative(storage.folder, first)).toBe("auto_deployer-0.1.0-py3-none-any-py3.12/bin/python");
    expect(lines.join("\n")).toContain(`${WHEEL} http://proxy.example:3128`);
    expect(await make()).toBe(first);
    expect(lines.at(-1)).toContain("Private environment:");
    await make({}, python("3.13.0"));
    expect(readdirSync(storage.folder)).toEqual(["auto_deployer-0.1.0-py3-none-any-py3.13"]);
  });

  it("takes all wheels from the package where they are bundled", async () => {
    mkdirSync(path.join(storage.bundled, "wheels"));
    await make();
    expect(lines.join("\n")).toContain(`--no-index --find-links ${path.join(storage.bundled, "wheels")}`);
  });

  it("tells a missing network from other faults of pip, and begins anew after both", async () => {
    const offline =
      "WARNING: Retrying after connection broken by 'NewConnectionError(...)'\nERROR: No matching distribution found for pygls";
    await expect(make({ PIP_SAYS: offline })).rejects.toMatchObject({ fault: "noNetwork" });
    await expect(make({ PIP_SAYS: "ERROR: broken wheel" })).rejects.toMatchObject({
      fault: "installFailed",
      message: expect.stringContaining("broken"),
    });
    expect(existsSync(path.join(storage.folder, "auto_deployer-0.1.0-py3-none-any-py3.12", ".ready"))).toBe(false);
    await expect(make()).resolves.toContain("py3.12");
  });

  it("tells a Python that cannot make one, and a package without the server", async () => {
    writeFileSync(path.join(root, "python"), "#!/bin/sh\necho 'No module named venv' >&2\nexit 1\n", { mode: 0o755 });
    await expect(make()).rejects.toMatchObject({ fault: "noVenv" });
    rmSync(path.join(storage.bundled, WHEEL));
    await expect(make()).rejects.toMatchObject({ fault: "noWheel" });
  });

  it("hears of a real pip what is wrong with a wheel", async () => {
    const found = await Promise.all(onPath(process.platform).map(probed));
    const isFit = (one: Interpreter | string): one is Interpreter => typeof one !== "string" && one.canMakeEnvironments;
    writeFileSync(path.join(storage.bundled, WHEEL), "not a wheel");
    await expect(make({}, found.find(isFit))).rejects.toMatchObject({
      fault: "installFailed",
      message: expect.stringContaining("pip"),
    });
  }, 60_000);
});
