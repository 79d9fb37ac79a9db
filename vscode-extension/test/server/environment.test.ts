import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Installing, markUsed, privatePython, privatePythons, type Storage } from "../../src/server/environment";
import { type Interpreter, onPath, probed } from "../../src/server/interpreter";

const WHEEL = "auto_deployer-0.1.0-py3-none-any.whl";
/** Fake Pythons are scripts for `sh`: what is tested is what we make of their answers. */
const FAKE = `#!/bin/sh
case "$*" in
  "-I -m venv "*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" && eval "$ALSO" && echo "$4" >> "$(dirname "$0")/made" ;;
  "-I -m pip install"*) [ -z "$PIP_SAYS" ] || { echo "$PIP_SAYS" >&2; exit 1; }; echo "$*" "$HTTPS_PROXY" ;;
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
    server: null,
  });

  /** What another window makes in the meantime. */
  const ALSO = ":";

  function make(env: Record<string, string> = {}, interpreter = python(), signal = new AbortController().signal): Promise<string> {
    const installing: Installing = {
      log: (line) => lines.push(line),
      progress: () => undefined,
      env: { ALSO, ...env },
      signal,
    };
    return privatePython(interpreter, storage, installing);
  }

  it("is made once for each version of wheel and Python, and is a candidate from then on", async () => {
    expect(await privatePythons(storage)).toEqual([]);
    const first = await make({ HTTPS_PROXY: "http://proxy.example:3128" });
    expect(path.relative(storage.folder, first)).toBe("auto_deployer-0.1.0-py3-none-any-py3.12/bin/python");
    expect(lines.join("\n")).toContain(`${WHEEL} http://proxy.example:3128`);
    const before = lines.length;
    expect(await make()).toBe(first);
    expect(lines.slice(before)).toEqual([expect.stringContaining("Private environment:")]);
    await make({}, python("3.13.0"));
    expect((await privatePythons(storage)).map(({ program }) => program)).toEqual([first, first.replace("3.12", "3.13")]);
  });

  it("leaves alone what another window has made in the meantime", async () => {
    const folder = path.join(storage.folder, "auto_deployer-0.1.0-py3-none-any-py3.12");
    const theirs = `mkdir -p ${folder}/bin && cp "$0" ${folder}/bin/python && touch ${folder}/.ready ${folder}/theirs`;
    await expect(make({ ALSO: theirs })).resolves.toBe(path.join(folder, "bin", "python"));
    expect(readdirSync(folder)).toContain("theirs");
    expect(readdirSync(storage.folder)).toEqual([path.basename(folder)]);
  });

  it("is no candidate before it is in its place", async () => {
    const made = await make();
    const folder = path.dirname(path.dirname(made));
    renameSync(folder, `${folder}.4711`);
    expect(await privatePythons(storage)).toEqual([]);
  });

  it("stays while a server is started from it", async () => {
    const made = await make();
    const ready = path.join(path.dirname(path.dirname(made)), ".ready");
    const monthsAgo = new Date(Date.now() - 100 * 24 * 3600_000);
    utimesSync(ready, monthsAgo, monthsAgo);
    await markUsed(made);
    await make({}, python("3.13.0"));
    expect(existsSync(made)).toBe(true);
    await expect(markUsed(path.join(root, "gone", "bin", "python"))).resolves.toBeUndefined();
  });

  it("does not mind an entry that cannot be looked at", async () => {
    await make();
    symlinkSync("nowhere", path.join(storage.folder, "auto_deployer-0.0.1-py3-none-any-py3.12"));
    await expect(make({}, python("3.13.0"))).resolves.toContain("py3.13");
  });

  it("is removed when nobody used it for long; one that another window may be making stays", async () => {
    await make();
    const [old] = readdirSync(storage.folder);
    const monthsAgo = new Date(Date.now() - 100 * 24 * 3600_000);
    utimesSync(path.join(storage.folder, old ?? "", ".ready"), monthsAgo, monthsAgo);
    mkdirSync(path.join(storage.folder, "auto_deployer-0.2.0-py3-none-any-py3.12.4711"));
    await make({}, python("3.13.0"));
    expect(readdirSync(storage.folder)).toEqual([
      "auto_deployer-0.1.0-py3-none-any-py3.13",
      "auto_deployer-0.2.0-py3-none-any-py3.12.4711",
    ]);
  });

  it("says when the user stopped it, and is not taken for one", async () => {
    const stopped = AbortSignal.abort();
    await expect(make({}, python(), stopped)).rejects.toMatchObject({ fault: "stopped" });
    expect(await privatePythons(storage)).toEqual([]);
  });

  it("takes all wheels from the package where they are bundled", async () => {
    mkdirSync(path.join(storage.bundled, "wheels"));
    await make();
    expect(lines.join("\n")).toContain(`--no-index --find-links ${path.join(storage.bundled, "wheels")}`);
    const says = { PIP_SAYS: "ERROR: No matching distribution found for orjson>=3.10" };
    await expect(make(says, python("3.13.0"))).rejects.toMatchObject({ fault: "wrongWheels" });
  });

  it("tells a missing network from other faults of pip, and begins anew after both", async () => {
    const offline =
      "WARNING: Retrying after connection broken by 'NewConnectionError(...)'\nERROR: No matching distribution found for pygls";
    await expect(make({ PIP_SAYS: offline })).rejects.toMatchObject({ fault: "noNetwork" });
    const none = "ERROR: Could not find a version that satisfies the requirement pygls (from versions: none)";
    await expect(make({ PIP_SAYS: none })).rejects.toMatchObject({ fault: "noNetwork" });
    await expect(make({ PIP_SAYS: "ERROR: broken wheel" })).rejects.toMatchObject({
      fault: "installFailed",
      message: expect.stringContaining("broken"),
    });
    expect(readdirSync(storage.folder)).toEqual([]);
    await expect(make()).resolves.toContain("py3.12");
  });

  it("tells a Python that cannot make one, and a package without the server", async () => {
    writeFileSync(path.join(root, "python"), "#!/bin/sh\necho 'No module named venv' >&2\nexit 1\n", { mode: 0o755 });
    await expect(make()).rejects.toMatchObject({ fault: "noVenv" });
    rmSync(path.join(storage.bundled, WHEEL));
    await expect(make()).rejects.toMatchObject({ fault: "noWheel" });
  });

  it("hears of a real pip what is wrong with a wheel, whatever lies in its folder or on PYTHONPATH", async () => {
    const found = await Promise.all(onPath(process.platform).map(probed));
    const isFit = (one: Interpreter | string): one is Interpreter => typeof one !== "string" && one.canMakeEnvironments;
    writeFileSync(path.join(storage.bundled, WHEEL), "not a wheel");
    for (const trap of [storage.folder, path.join(root, "workspace")]) {
      mkdirSync(trap);
      writeFileSync(path.join(trap, "venv.py"), "raise SystemExit(3)\n");
      writeFileSync(path.join(trap, "pip.py"), "raise SystemExit(3)\n");
    }
    await expect(make({ PYTHONPATH: path.join(root, "workspace") }, found.find(isFit))).rejects.toMatchObject({
      fault: "installFailed",
      message: expect.stringContaining("invalid"),
    });
  }, 60_000);
});
