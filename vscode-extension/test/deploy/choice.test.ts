import { expect, describe as group, it } from "vitest";
import { type Choice, choiceOf, describe, newDeploymentId, snapshotItems, startParams, subdirItems } from "../../src/deploy/choice";
import { Memory } from "../../src/deploy/memory";
import type { AnalyzeResult, RepoFacts } from "../../src/protocol";
import { document } from "../journals";

const choice: Choice = { repo: "/home/ada/shop", folder: true, dirty: true, subdir: "web", target: "local", approval: "plan" };

it("becomes the request, without what is only ours", () => {
  const params = startParams(choice, "d1");
  expect(params).toEqual({
    repo: "/home/ada/shop",
    dirty: true,
    subdir: "web",
    target: "local",
    approval: "plan",
    deploymentId: "d1",
  });
  expect(startParams({ ...choice, approval: "never" }, "d1")).not.toHaveProperty("approval"); // the settings say
});

it("has ids the server takes", () => {
  const id = newDeploymentId(new Date(2026, 0, 2, 3, 4, 5), () => 0);
  expect(id).toBe("20260102-030405-000000");
  expect(newDeploymentId(new Date())).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
});

it("reads as a line", () => {
  expect(describe(choice)).toBe("shop/web · working tree · this machine");
  expect(describe({ ...choice, dirty: false, subdir: undefined, ref: "v2", target: "ada@web1" })).toBe("shop · v2 · ada@web1");
});

it("comes back from what the log says was asked", () => {
  expect(choiceOf(document("success").request ?? {})).toMatchObject({
    repo: "/home/ada/site",
    folder: true,
    target: "local",
    approval: "never",
  });
  expect(choiceOf({})).toBeUndefined();
});

group("the snapshot", () => {
  const facts = (uncommitted: number, kind: "commit" | "working_tree" = "commit"): RepoFacts =>
    ({ name: "shop", source: { repo: "/shop", ref: "main", commit: "abcdef0123456789", uncommitted, kind } }) as RepoFacts;

  it("says what is left out", () => {
    expect(snapshotItems(facts(3)).map(({ label }) => label)).toEqual(["HEAD (3 uncommitted files left out)", "Working tree"]);
    expect(snapshotItems(facts(0)).map(({ label }) => label)).toEqual(["HEAD", "Working tree"]);
    expect(snapshotItems(facts(1))[1]?.description).toBe("with 1 uncommitted file");
  });

  it("is the working tree where nothing was committed", () => {
    expect(snapshotItems(facts(2, "working_tree"))).toHaveLength(1);
  });
});

it("offers sub-folders only where there are some, and the root only where it can be deployed", () => {
  const analysis = (runnable: boolean, candidates: { path: string; kind: string }[]): AnalyzeResult =>
    ({ repo: { name: "shop", candidates, detections: [{ recipe: "node", project_type: "nodejs", runnable }] }, host: {} }) as never;
  expect(subdirItems(analysis(true, []))).toEqual([]);
  expect(subdirItems(analysis(false, [{ path: "web", kind: "express" }])).map(({ subdir }) => subdir)).toEqual(["web"]);
  expect(subdirItems(analysis(true, [{ path: "web", kind: "express" }])).map(({ subdir }) => subdir)).toEqual(["", "web"]);
});

group("the memory", () => {
  const memory = (): Memory => {
    const kept = new Map<string, unknown>();
    return new Memory({
      get: <T>(key: string, fallback: T) => (kept.get(key) as T | undefined) ?? fallback,
      update: async (key, value) => void kept.set(key, structuredClone(value)),
    });
  };

  it("has the last choice first, each app once", async () => {
    const kept = memory();
    for (const repo of ["/a", "/b", "/a"]) {
      await kept.remember({ ...choice, repo });
    }
    expect(kept.choices().map(({ repo }) => repo)).toEqual(["/a", "/b"]);
    expect(kept.last("/b")?.repo).toBe("/b");
    expect(kept.last("/b", "web")).toBeDefined();
    expect([kept.last("/b", null), kept.last("/b", "api")]).toEqual([undefined, undefined]); // another app of it
  });

  it("keeps what an app was told after a refusal", async () => {
    const kept = memory();
    await kept.remember({ ...choice, overrides: { start: "node server.js" } });
    await kept.remember(choice);
    expect(kept.overrides(choice)).toEqual({ start: "node server.js" });
    expect(kept.overrides({ repo: "/other" })).toBeUndefined();
  });
});
