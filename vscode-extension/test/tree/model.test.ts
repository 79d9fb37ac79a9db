import { describe, expect, it } from "vitest";
import type { CommandRecord, DeploymentLog } from "../../src/protocol";
import { commandBy, commandKey } from "../../src/state/log";
import { fold } from "../../src/state/reducer";
import { type Deployment, DeploymentStore } from "../../src/state/store";
import { DeploymentTree, type Node } from "../../src/tree/model";
import type { Row } from "../../src/tree/row";
import { document, events, NAMES } from "../journals";

/** Late on the day on which the journals were recorded. */
const NOW = new Date(`${document("success").start_time}Z`).setUTCHours(23, 59);

function deployment(log: DeploymentLog): Deployment {
  const summary = {
    deploymentId: log.deployment_id ?? "",
    repo: log.repo_url ?? "",
    target: "local",
    status: log.status ?? "running",
    startTime: log.start_time ?? "",
    endTime: log.end_time,
    logUri: "file:///log.json",
  };
  return { id: summary.deploymentId, logUri: summary.logUri, log, summary };
}

/** A tree over one deployment whose log can be replaced. */
function treeOf(log: DeploymentLog): { tree: DeploymentTree; root: Node; replace(log: DeploymentLog): void } {
  let shown = deployment(log);
  const tree = new DeploymentTree(
    () => shown,
    () => NOW,
  );
  return { tree, root: tree.deployment(shown.id), replace: (next) => (shown = deployment(next)) };
}

function rows(tree: DeploymentTree, node: Node): Row[] {
  return tree.children(node).map((child) => tree.row(child) as Row);
}

/** Every row below a node, indented. */
function drawn(tree: DeploymentTree, node: Node, depth = 0): string[] {
  return tree.children(node).flatMap((child) => {
    const row = tree.row(child) as Row;
    return [`${"  ".repeat(depth)}${row.icon} ${row.label}`, ...drawn(tree, child, depth + 1)];
  });
}

/** What a row and each below it shows, and which rows lie below it. */
function shown(tree: DeploymentTree, node: Node): Map<string, string> {
  const children = tree.children(node);
  const own = JSON.stringify([tree.row(node), children.map(({ id }) => id)]);
  return new Map([[node.id, own], ...children.flatMap((child) => [...shown(tree, child)])]);
}

describe("a deployment that runs", () => {
  const journal = events("success");
  const planned = journal.findIndex(({ method }) => method === "deploy/planReady") + 1;

  it("knows the row of the command that runs, which is one of its step's", () => {
    const log = fold(journal.slice(0, journal.findIndex(({ method }) => method === "deploy/commandStarted") + 1));
    const { tree, root } = treeOf(log);
    const running = tree.running(root.deploymentId, log) as Node;
    expect(tree.row(running)?.icon).toBe("running");
    expect(tree.children(root).flatMap((step) => tree.children(step))).toContain(running);
    expect(tree.running(root.deploymentId, document("success"))).toBeUndefined();
  });

  it("shows the whole plan before the first step", () => {
    const { tree, root } = treeOf(fold(journal.slice(0, planned)));
    const shown = rows(tree, root);
    expect(shown.map(({ label }) => label)).toEqual((document("success").plan?.steps ?? []).map(({ name }) => name));
    expect(new Set(shown.map(({ icon }) => icon))).toEqual(new Set(["pending"]));
    expect(shown[2]?.spoken).toBe("step 3 of 5, Build, not started yet");
    expect(rows(tree, tree.children(root)[2] as Node)[0]?.icon).toBe("pending");
    expect(shown[2]?.can).toEqual(["skip"]);
  });

  it("shows the command that runs with its time, and keeps its row when it has ended", () => {
    const at = journal.findIndex(({ method }) => method === "deploy/commandStarted") + 1;
    const { tree, root, replace } = treeOf(fold(journal.slice(0, at)));
    const step = tree.children(root)[1] as Node;
    const [running] = tree.children(step) as [Node];
    expect(tree.row(running)).toMatchObject({ icon: "running", can: ["copy", "output"] });
    expect(tree.row(running)?.spoken).toMatch(/^command mkdir .* running for \d+ hours/);
    replace(fold(journal.slice(0, at + 1)));
    expect(tree.children(step)[0]).toBe(running);
    expect(tree.row(running)).toMatchObject({ icon: "success" });
    expect(tree.command(running)).toHaveProperty("exit_code", 0);
  });

  it("opens a step when it starts and closes it when it succeeded, by another id", () => {
    const started = journal.findIndex(({ method }) => method === "deploy/stepStarted") + 1;
    const { tree, root, replace } = treeOf(fold(journal.slice(0, planned)));
    const ids = [tree.children(root)[0]?.id];
    replace(fold(journal.slice(0, started)));
    expect(tree.row(tree.children(root)[0] as Node)?.children).toBe("expanded");
    ids.push(tree.children(root)[0]?.id);
    replace(document("success"));
    const after = tree.children(root).find(({ stepId }) => stepId !== undefined) as Node;
    expect(tree.row(after)?.children).toBe("collapsed");
    ids.push(after.id);
    expect(new Set(ids).size).toBe(3);
  });
});

describe("an event", () => {
  it.each(NAMES)("changes no row but those below the one that is told of: %s", (name) => {
    const journal = events(name);
    const { tree, root, replace } = treeOf(fold(journal.slice(0, 1)));
    journal.slice(1).forEach((event, index) => {
      const before = shown(tree, root);
      const log = fold(journal.slice(0, index + 2));
      replace(log);
      const told = shown(tree, tree.changedBy({ id: root.deploymentId, log }, event));
      const outside = [...shown(tree, root)].filter(([id]) => !told.has(id));
      expect(outside.filter(([id, row]) => before.get(id) !== row)).toEqual([]);
    });
  });
});

describe("a deployment that ended", () => {
  it("shows its address", () => {
    const { tree, root } = treeOf(document("success"));
    expect(rows(tree, root)[0]).toMatchObject({ icon: "link", label: document("success").app?.url, can: ["open"] });
    const row = tree.row(root) as Row;
    expect(row).toMatchObject({ label: "site", icon: "success", can: ["again", "delete", "open", "log"] });
    expect(row.description).toMatch(/^\d\.\ds · \d\d:\d\d$/);
  });

  it("shows attempts, the reason and what failed", () => {
    const { tree, root } = treeOf(document("failure"));
    const lines = drawn(tree, root);
    const from = lines.indexOf("failed Build");
    expect(lines.slice(from, from + 7)).toEqual([
      "failed Build",
      "  failed Attempt 1",
      expect.stringMatching(/^ {4}reason .*exit code 3/),
      expect.stringMatching(/^ {4}failed /),
      "  failed Attempt 2",
      expect.stringMatching(/^ {4}reason /),
      expect.stringMatching(/^ {4}failed /),
    ]);
    expect(tree.row(root)).toMatchObject({ icon: "aborted", can: ["again", "delete", "retry", "log"] });
    expect(tree.row(root)?.description).toContain("aborted at Build");
    const build = rows(tree, root).find(({ label }) => label === "Build") as Row;
    expect(build.can).toEqual(["retryStep"]);
    expect(build.spoken).toMatch(/^step 3 of 5, Build, attempt 2, failed/);
  });

  it("says what was taken over, skipped and refused", () => {
    const retry = treeOf(document("retry"));
    expect(rows(retry.tree, retry.root).map(({ spoken }) => spoken)).toContainEqual(expect.stringContaining("taken over from"));
    const skipped = treeOf(document("skipped"));
    expect(drawn(skipped.tree, skipped.root)).toContain("skipped Build");
    const refused = treeOf(document("refused"));
    expect(refused.tree.row(refused.root)?.can).toEqual(["again", "delete", "log"]);
    expect(drawn(refused.tree, refused.root)).toEqual(["reason The repository has no folder nothing/here"]);
  });

  it("can be retried at the step it asks about", () => {
    const journal = events("failure");
    const asked = journal.findIndex(({ method }) => method === "deploy/questionAsked") + 1;
    const { tree, root } = treeOf(fold(journal.slice(0, asked)));
    const can = Object.fromEntries(rows(tree, root).map((row) => [row.label, row.can]));
    expect(can).toMatchObject({ Build: ["retryStep"], "Check the host": [], Verify: ["skip"] });
  });

  it("has an open question as a row that can be answered", () => {
    const journal = events("rejected");
    const asked = journal.findIndex(({ method }) => method === "deploy/questionAsked") + 1;
    const { tree, root } = treeOf(fold(journal.slice(0, asked)));
    expect(rows(tree, root)[0]).toMatchObject({ icon: "question", label: "Run this plan?", can: ["answer"] });
    expect(tree.row(root)?.spoken).toContain("waits for your answer");
  });

  it("gives every row an id of its own and words for a screen reader", () => {
    for (const name of ["success", "failure", "retry", "skipped", "cancelled"]) {
      const { tree, root } = treeOf(document(name));
      const seen = new Set<string>();
      const visit = (node: Node): void => {
        expect(seen.has(node.id)).toBe(false);
        seen.add(node.id);
        expect(tree.row(node)?.spoken).toMatch(/\w{3}/);
        tree.children(node).forEach(visit);
      };
      visit(root);
    }
  });
});

describe("a step that a model repaired", () => {
  const journal = events("model");
  const asked = journal.findIndex(({ method }) => method === "deploy/questionAsked") + 1;

  it("offers the model, and a hint for it, while it is asked what to do", () => {
    const { tree, root, replace } = treeOf(fold(journal.slice(0, asked)));
    const build = tree.children(root).find(({ stepId }) => stepId === 3) as Node;
    expect(tree.row(build)?.can).toEqual(["retryStep", "model", "hint"]);
    replace(fold(journal.slice(0, asked + 1)));
    expect(tree.row(build)?.can).toEqual([]);
  });

  it("is offered no hint where there is no model", () => {
    const failure = events("failure");
    const at = failure.findIndex(({ method }) => method === "deploy/questionAsked") + 1;
    const { tree, root } = treeOf(fold(failure.slice(0, at)));
    expect(tree.children(root).map((node) => tree.row(node)?.can)).toContainEqual(["retryStep"]);
  });

  it("says so, and what it took", () => {
    const { tree, root } = treeOf(document("model"));
    expect(tree.row(root)).toMatchObject({ description: expect.stringMatching(/ · 2 model calls, 0.0004 USD$/) });
    expect(tree.row(root)?.tooltip).toContain("Model scripted: 2 model calls");
    const build = rows(tree, root).find(({ label }) => label === "Build");
    expect(build?.spoken).toMatch(/, repaired by scripted$/);
    expect(build?.tooltip).toContain("repaired by scripted");
  });

  it("shows whose idea a command was and why, and what was refused by which rule", () => {
    const { tree, root } = treeOf(document("model"));
    const build = tree.children(root).find(({ stepId }) => stepId === 3) as Node;
    const shown = rows(tree, tree.children(build)[1] as Node);
    expect(shown.find(({ label }) => label === "It is missing")?.tooltip).toContain("From the model: It is missing");
    const refused = shown.find(({ icon }) => icon === "blocked");
    expect(refused).toMatchObject({ label: "rm -rf /", description: "not run" });
    expect(refused?.tooltip).toMatch(/From the model: Make room.*recursive.*deploy directory/s);
  });
});

it("shows an end that the user chose as no fault", () => {
  const icons = (name: string): string[] => {
    const { tree, root } = treeOf(document(name));
    return drawn(tree, root).flatMap((line) => /(reason|choice) /.exec(line)?.[1] ?? []);
  };
  expect(new Set(["cancelled", "rejected", "skipped"].flatMap(icons))).toEqual(new Set(["choice"]));
  expect(icons("retry")).toContain("reason");
});

it("groups the commands of a long step", () => {
  const log = structuredClone(document("success"));
  const step = log.steps?.find(({ commands }) => commands?.length);
  const record = step?.commands?.[0] as CommandRecord;
  const many = Array.from({ length: 2050 }, (_, index) => ({ ...record, id: `c${index}`, success: index !== 150 }));
  Object.assign(step ?? {}, { commands: many });
  const { tree, root } = treeOf(log);
  const node = tree.children(root).find(({ stepId }) => stepId === step?.step_id) as Node;
  const shown = rows(tree, node);
  expect(shown.slice(0, 2)).toMatchObject([
    { label: "Commands 1 to 100" },
    { label: "Commands 101 to 200", description: "1 failed" },
  ]);
  const checks = step?.checks?.length ?? 0;
  expect(shown).toHaveLength(20 + 50 + checks);
  expect(tree.children(tree.children(node)[0] as Node)).toHaveLength(100);
});

it("never shows text of a repository as a link or a command", () => {
  const log = structuredClone(document("refused"));
  Object.assign(log, {
    repo_url: "[here](command:evil) ![x](http://x)",
    reason: { kind: "not_found", message: "``` [a](command:b)" },
  });
  const { tree, root } = treeOf(log);
  expect(tree.row(root)?.tooltip).not.toMatch(/(^|[^\\])\[here/);
  expect(rows(tree, root)[0]?.tooltip).toMatch(/^````text\n/);
});

it("is fed by the store", () => {
  const store = new DeploymentStore(
    () => Promise.reject(new Error("no server")),
    () => undefined,
  );
  events("success").forEach((event) => {
    store.apply(event);
  });
  const tree = new DeploymentTree((id) => store.get(id));
  expect(store.all().map(({ id }) => tree.row(tree.deployment(id))?.label)).toEqual(["site"]);
});

it("drops the rows of deployments that are forgotten, and keeps those of the others", () => {
  const store = new DeploymentStore(
    () => Promise.reject(new Error("not asked")),
    () => undefined,
  );
  for (const name of ["success", "failure"]) {
    for (const event of events(name)) {
      store.apply(event);
    }
  }
  const tree = new DeploymentTree((id) => store.get(id));
  const [gone, kept] = [tree.deployment("failure"), tree.deployment("success")];
  store.forget("failure");
  tree.prune();
  expect(tree.deployment("success")).toBe(kept);
  expect(tree.deployment("failure")).not.toBe(gone);
});

describe("a command's row", () => {
  const shop = document("success");
  const change = (more: Partial<CommandRecord>): { tree: DeploymentTree; command: Node } => {
    const log = structuredClone(shop);
    const step = log.steps?.find(({ commands }) => commands?.length);
    Object.assign(step?.commands?.[0] ?? {}, { output: "", stdout: "", stderr: "", ...more });
    const { tree, root } = treeOf(log);
    const node = tree.children(root).find(({ stepId }) => stepId === step?.step_id) as Node;
    return { tree, command: tree.children(node).find((child) => tree.command(child)) as Node };
  };

  it("offers its output where it has printed something", () => {
    const silent = change({});
    expect(silent.tree.row(silent.command)?.can).toEqual(["copy"]);
    const spoken = change({ output: "x.files/c1.log" });
    expect(spoken.tree.row(spoken.command)?.can).toEqual(["copy", "output"]);
  });

  it("is named by its id, or in old logs by its place", () => {
    for (const [id, key] of [
      ["c7", "c7"],
      ["", /^\d+\.0$/],
    ] as const) {
      const log = structuredClone(shop);
      const told = log.steps?.find(({ commands }) => commands?.length)?.commands?.[0] as CommandRecord;
      Object.assign(told, { id });
      expect(commandKey(log, told)).toMatch(key);
      expect(commandBy(log, commandKey(log, told))).toBe(told);
    }
  });
});

it("offers nothing for a deployment that a terminal keeps, and says where it is controlled", () => {
  const journal = events("failure");
  const asked = journal.findIndex(({ method }) => method === "deploy/questionAsked") + 1;
  const ours = deployment(fold(journal.slice(0, asked)));
  const theirs = { ...ours, summary: { ...ours.summary, controllable: false } };
  const tree = new DeploymentTree(() => theirs);
  const root = tree.deployment(theirs.id);
  expect(tree.row(root)).toMatchObject({ can: ["log"], description: expect.stringContaining("started elsewhere") });
  expect(tree.row(root)?.tooltip).toMatch(/only there can it be cancelled/);
  expect(rows(tree, root).flatMap(({ can }) => can)).toEqual([]);
  expect(rows(tree, root)[0]?.description).toBe("answer it where it was started");
});
