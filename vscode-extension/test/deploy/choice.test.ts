import { expect, describe as group, it } from "vitest";
import {
  asItIsNow,
  type Choice,
  choiceAgain,
  choiceOf,
  describe,
  describeOverrides,
  newDeploymentId,
  snapshotItems,
  sourceParams,
  startParams,
  subdirItems,
} from "../../src/deploy/choice";
import { Memory } from "../../src/deploy/memory";
import type { AnalyzeResult, RepoFacts } from "../../src/protocol";
import { document } from "../journals";

const choice: Choice = { repo: "/home/ada/shop", dirty: true, subdir: "web", target: "local", approval: "plan" };

it("takes a folder as it is now, edits included, but for a ref or a URL", () => {
  const head: Choice = { repo: "/home/ada/shop", target: "local", approval: "never" };
  expect(asItIsNow(head)).toEqual({ ...head, dirty: true });
  for (const other of [
    { ...head, ref: "v1" },
    { ...head, repo: "https://github.com/ada/shop" },
  ]) {
    expect(asItIsNow(other)).toEqual(other);
  }
});

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
  expect(describe({ ...choice, envFile: "/home/ada/shop/.env" })).toBe("shop/web · working tree · this machine · with .env");
  expect(describe({ ...choice, dirty: false, subdir: undefined, ref: "v2", target: "ada@web1" })).toBe("shop · v2 · ada@web1");
});

it("comes back from what the log says was asked", () => {
  expect(choiceOf(document("success").request ?? {})).toMatchObject({
    repo: "/home/ada/site",
    target: "local",
    approval: "never",
  });
  expect(choiceOf({})).toBeUndefined();
});

it("says what an app was told", () => {
  expect(describeOverrides({ start: "node server.js", build: null, outputDir: "dist" })).toBe(
    "start: node server.js, outputDir: dist",
  );
  expect(describeOverrides()).toBe("");
});

it("asks again for a plan until one was agreed to", () => {
  const planned = { repo: "/shop", approval: "plan" };
  expect(choiceOf(planned)?.approval).toBe("plan");
  expect(choiceAgain(document("rejected"))?.approval).toBe("plan");
  expect(choiceAgain({ ...document("success"), request: planned })?.approval).toBe("never");
  const always = choiceAgain({ ...document("success"), request: { ...planned, approval: "always" } });
  expect(always && startParams(always, "d1").approval).toBe("always"); // what was never only about the first plan
});

it("carries along what no pick asks for, without values that the log does not keep", () => {
  const carried = {
    deployDir: "/srv/shop",
    port: 8080,
    shared: ["data"],
    submodules: true,
    lfs: true,
    installRuntimes: true,
    groupId: "g",
  };
  const request = { repo: "https://ada:secret@host/shop.git", target: "local", ...carried };
  const rest = { noCache: false, overrides: {}, env: { KEY: "***" }, deploymentId: "d0", nonInteractive: true };
  const again = choiceOf({ ...request, ...rest });
  expect(again && startParams(again, "d1")).toEqual({ ...request, repo: "https://host/shop.git", deploymentId: "d1" });
  const { groupId: _, shared: __, ...source } = carried;
  expect(again && sourceParams(again)).toEqual({ repo: "https://host/shop.git", target: "local", ...source });
});

group("the snapshot", () => {
  const facts = (uncommitted: number | undefined, kind: "commit" | "working_tree" = "commit"): RepoFacts =>
    ({ name: "shop", source: { repo: "/shop", ref: "main", commit: "abcdef0123456789", uncommitted, kind } }) as RepoFacts;

  it("says what is left out", () => {
    expect(snapshotItems(facts(3)).map(({ label }) => label)).toEqual(["HEAD (3 uncommitted files left out)", "Working tree"]);
    expect(snapshotItems(facts(0)).map(({ label }) => label)).toEqual(["HEAD", "Working tree"]);
    expect(snapshotItems(facts(1))[1]?.description).toBe("with 1 uncommitted file");
  });

  it("does not say how many where that is not known", () => {
    expect(snapshotItems(facts(0))[1]?.description).toBe("no uncommitted files");
    expect(snapshotItems(facts(undefined)).map(({ label, description }) => [label, description])).toEqual([
      ["HEAD", "main abcdef0123"],
      ["Working tree", ""],
    ]);
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

  it("forgets that, of this app alone", async () => {
    const kept = memory();
    const overrides = { start: "node server.js" };
    await kept.remember({ ...choice, repo: "/other", overrides });
    await kept.remember({ ...choice, overrides });
    await kept.forgetOverrides(choice);
    expect(kept.overrides(choice)).toBeUndefined();
    expect(kept.choices().map((known) => known.overrides)).toEqual([undefined, overrides]);
    expect(kept.overrides({ ...choice, repo: "/other" })).toEqual(overrides);
  });

  it("wants the plan shown until one of that app was agreed to", async () => {
    const kept = memory();
    await kept.remember({ ...choice, repo: "/other" });
    await kept.remember(choice);
    expect(kept.choices().map(({ approval }) => approval)).toEqual(["plan", "plan"]);
    await kept.accepted(choice);
    expect(kept.choices().map(({ approval }) => approval)).toEqual(["never", "plan"]);
  });

  it("keeps no login of a URL, and still knows the app", async () => {
    const kept = memory();
    const cloned = { ...choice, repo: "https://ada:secret@host/shop.git" };
    await kept.remember({ ...cloned, overrides: { start: "./run" } });
    expect(kept.choices().map(({ repo }) => repo)).toEqual(["https://host/shop.git"]);
    expect([kept.last(cloned.repo), kept.overrides(cloned)]).toEqual([kept.choices()[0], { start: "./run" }]);
  });
});
