import { expect, it } from "vitest";
import { appChildren, appRoots, appRow } from "../../src/tree/apps";

const NOW = Date.parse("2026-11-24T12:00:00Z");
const app = { name: "shop", deployDir: "/home/ada/deployments/shop", releases: ["b", "a"], release: "b" };

it("shows a running app with its address and the verbs that fit", () => {
  const [node] = appRoots([{ ...app, status: "running", url: "http://127.0.0.1:8000/", since: "2026-11-24T09:30:00+00:00" }]);
  const row = node && appRow(node, NOW);
  expect(row).toMatchObject({ description: "running · since 09:30", icon: "success", can: ["log", "stop", "open", "rollback"] });
  expect(row?.spoken).toBe("App shop, running, since 09:30, http://127.0.0.1:8000/");
  expect(node && appChildren(node).map((child) => appRow(child, NOW).label)).toEqual(["http://127.0.0.1:8000/"]);
});

it("shows why an app crashed", () => {
  const crashed = {
    ...app,
    releases: ["b"],
    status: "crashed" as const,
    exitCode: 1,
    lastLines: ["\u001b[31mTraceback\u001b[0m", "KeyError"],
  };
  const [node] = appRoots([crashed]);
  expect(node && appRow(node, NOW)).toMatchObject({ description: "crashed · exit 1", icon: "crashed", can: ["log", "start"] });
  expect(node && appChildren(node).map((child) => appRow(child, NOW).label)).toEqual(["Traceback", "KeyError"]);
});
