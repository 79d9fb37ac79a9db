import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { type Candidate, canRunServer, findInterpreter, type Interpreter, probed } from "../../src/server/interpreter";

const candidate = (program: string, origin = "PATH"): Candidate => ({ program, args: [], origin });

function found(path: string, facts: Partial<Interpreter> = {}): Interpreter {
  return { path, version: "3.12.1", origin: "PATH", canMakeEnvironments: true, server: null, ...facts };
}

async function search(answers: Record<string, Interpreter | string>, origin = "PATH"): Promise<{ path: string; lines: string[] }> {
  const lines: string[] = [];
  const candidates = Object.keys(answers).map((program) => candidate(program, origin));
  const chosen = await findInterpreter(
    candidates,
    "0.1.0",
    (line) => lines.push(line),
    async ({ program }) => answers[program] ?? "there is no such program",
  );
  return { path: chosen.path, lines };
}

describe("the search for an interpreter", () => {
  it("takes the first that has the server, whatever stands before it", async () => {
    const { path, lines } = await search({
      a: "there is no such program",
      b: found("/b"),
      c: found("/c", { server: "0.1.0" }),
      d: found("/d"),
    });
    expect(path).toBe("/c");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain("not taken, there is no such program");
  });

  it("otherwise the first that can make an environment", async () => {
    const old = found("/old", { version: "3.9.2", server: "0.1.0" });
    const { path, lines } = await search({ old, bare: found("/bare", { canMakeEnvironments: false }), good: found("/good") });
    expect(path).toBe("/good");
    expect(lines[0]).toContain("it is 3.9.2, 3.11 is needed");
  });

  it("takes no other version of the server, but from the setting", async () => {
    const other = found("/other", { server: "0.0.9" });
    const { path, lines } = await search({ other, good: found("/good", { server: "0.1.0" }) });
    expect(path).toBe("/good");
    expect(lines[0]).toBe("Python from PATH: /other (3.12.1), with the server 0.0.9: usable");
    const named = { ...other, origin: "setting" };
    expect((await search({ other: named }, "setting")).path).toBe("/other");
    expect([canRunServer(named, "0.1.0"), canRunServer(other, "0.1.0")]).toEqual([true, false]);
  });

  it("tells apart no Python, no venv and a wrong setting", async () => {
    await expect(search({ a: "there is no such program" })).rejects.toMatchObject({ fault: "noPython" });
    await expect(search({ a: found("/a", { canMakeEnvironments: false }) })).rejects.toMatchObject({ fault: "noVenv" });
    await expect(search({ a: found("/a", { version: "3.10.0" }) }, "setting")).rejects.toMatchObject({ fault: "badInterpreter" });
  });
});

describe("asking an interpreter", () => {
  it("gets its version and path from a real one", async () => {
    const python = await probed(candidate("python3"));
    const version = execFileSync("python3", ["-c", "import platform; print(platform.python_version())"], { encoding: "utf-8" });
    expect(python).toMatchObject({ version: version.trim(), origin: "PATH" });
  });

  it("says why it is none", async () => {
    expect(await probed(candidate("/nowhere/python"))).toBe("there is no such program");
    expect(await probed(candidate("true"))).toBe("it did not answer as Python does");
    expect(await probed(candidate("false"))).toContain("failed");
  });
});
