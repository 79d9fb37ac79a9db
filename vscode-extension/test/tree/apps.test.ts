import { expect, it } from "vitest";
import type { AppState } from "../../src/protocol";
import { AppTree, appRow } from "../../src/tree/apps";

const NOW = Date.parse("2026-11-24T12:00:00Z");
const app = { name: "shop", deployDir: "/home/ada/deployments/shop", releases: ["b", "a"], release: "b" };

/** The rows of one app: its own, and those below it. */
function rowsOf(state: AppState): { row: ReturnType<typeof appRow> | undefined; below: string[] } {
  const tree = new AppTree();
  tree.update([state], NOW);
  const [node] = tree.roots();
  return {
    row: node && appRow(node, NOW),
    below: (node ? tree.children(node) : []).map((child) => appRow(child, NOW).label),
  };
}

it("shows a running app with its address and the verbs that fit", () => {
  const { row, below } = rowsOf({ ...app, status: "running", url: "http://127.0.0.1:8000/", since: "2026-11-24T09:30:00+00:00" });
  expect(row).toMatchObject({ description: "running · since 09:30", icon: "success", can: ["app", "stop", "open", "rollback"] });
  expect(row?.spoken).toBe("App shop, running, since 09:30, http://127.0.0.1:8000/");
  expect(below).toEqual(["http://127.0.0.1:8000/"]);
});

it("shows why an app crashed", () => {
  const crashed = {
    ...app,
    releases: ["b"],
    status: "crashed" as const,
    exitCode: 1,
    lastLines: ["\u001b[31mTraceback\u001b[0m", "KeyError"],
  };
  const { row, below } = rowsOf(crashed);
  expect(row).toMatchObject({ description: "crashed · exit 1", icon: "crashed", can: ["app", "start"] });
  expect(below).toEqual(["Traceback", "KeyError"]);
});

it("draws a row anew for what it shows, and not for what the app uses", () => {
  const apps = (shop: Partial<AppState> = {}): AppState[] => [
    { ...app, status: "running", cpuPercent: 1.5, memoryBytes: 1, ...shop },
    { name: "kiosk", deployDir: "/home/ada/deployments/kiosk", status: "running" },
  ];
  const tree = new AppTree();
  expect(tree.update(apps(), NOW)).toEqual([undefined]);
  const [shop] = tree.roots();
  expect(tree.update(apps({ cpuPercent: 2.5, memoryBytes: 2 }), NOW)).toEqual([]);
  expect(tree.update(apps({ status: "crashed", exitCode: 3, lastLines: ["oh"] }), NOW)).toEqual([shop]);
  expect(tree.roots()[0]).toBe(shop);
  expect(shop?.app.exitCode).toBe(3);
  expect(tree.update(apps().slice(1), NOW)).toEqual([undefined]);
  expect(tree.update([], NOW)).toEqual([undefined]);
});
