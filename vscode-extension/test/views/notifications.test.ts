import { beforeEach, expect, it, vi } from "vitest";
import { SeenRunning } from "../../src/deploy/seen";
import type { DeploymentSummary } from "../../src/protocol";
import { DeploymentStore, type Send } from "../../src/state/store";
import { document, events as journal } from "../journals";

const told: string[] = [];
let buttons: string[] = [];
const workspace = vi.hoisted(() => ({ isTrusted: true }));
vi.mock("vscode", () => {
  const show = async (message: string, ...offered: string[]): Promise<void> => {
    told.push(message);
    buttons = offered;
  };
  return { workspace, window: { showInformationMessage: show, showErrorMessage: show } };
});
const { notifyOfEnds } = await import("../../src/views/notifications");

const kept = new Map<string, unknown>();
const memento = {
  get: <T>(key: string, fallback: T) => (kept.get(key) as T | undefined) ?? fallback,
  update: async (key: string, value: unknown) => void kept.set(key, structuredClone(value)),
};
const events = journal("success");
const { deploymentId } = events[0]?.params ?? { deploymentId: "" };

/** A window of this workspace, whose server lists the deployment like this. */
function window(status: string, endTime: string | null = new Date().toISOString(), failures = 0): DeploymentStore {
  const row: DeploymentSummary = {
    deploymentId,
    repo: "/site",
    target: "local",
    status,
    startTime: "",
    endTime,
    logUri: "file:///l",
  };
  const send = async (method: string): Promise<unknown> => {
    if (method === "deploy/get" && failures-- > 0) {
      throw new Error("the server starts again");
    }
    const all = {
      "deploy/list": { deployments: [row] },
      "deploy/get": { log: status === "failed" ? { ...document("failure"), status } : document("success"), lastSeq: 9 },
      "deploy/subscribe": {},
    };
    return all[method as keyof typeof all];
  };
  const store = new DeploymentStore(send as Send, () => undefined);
  notifyOfEnds(store, new SeenRunning(memento), async () => undefined);
  return store;
}

function sawRunning(): void {
  const store = window("running");
  for (const event of events.slice(0, 5)) {
    store.apply(event);
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

beforeEach(() => {
  kept.clear();
  told.length = 0;
});

it("tells an end that a window sees, once", async () => {
  const store = window("running");
  for (const event of events) {
    store.apply(event);
  }
  await settled();
  await store.connect();
  expect(told).toEqual([expect.stringMatching(/is running at http/)]);
  await window("success").connect();
  await settled();
  expect(told).toHaveLength(1);
});

it("tells an end that no window saw in the next one, once", async () => {
  sawRunning();
  for (const _ of [1, 2]) {
    await window("success").connect();
    await settled();
  }
  expect(told).toEqual([expect.stringMatching(/is running at http/)]);
});

it("tells nothing of what it never saw running, or what ended long ago", async () => {
  await window("success").connect();
  sawRunning();
  await window("success", "2020-01-01T00:00:00").connect();
  await settled();
  expect(told).toEqual([]);
});

it("tells an end whose log cannot be had at once, or at all", async () => {
  vi.useFakeTimers();
  for (const [failures, said] of [
    [1, /is running at http/],
    [99, /was deployed in/],
  ] as const) {
    kept.clear();
    told.length = 0;
    sawRunning();
    await window("success", undefined, failures).connect();
    await vi.runAllTimersAsync();
    expect(told).toEqual([expect.stringMatching(said)]);
  }
  vi.useRealTimers();
});

it.each([
  [true, ["Retry", "Open Log"]],
  [false, ["Manage Workspace Trust", "Open Log"]],
])("offers what can be done about a failure: trusted is %s", async (isTrusted, offered) => {
  Object.assign(workspace, { isTrusted });
  sawRunning();
  await window("failed").connect();
  await settled();
  expect(told).toEqual([expect.stringMatching(/failed at “Build”/)]);
  expect(buttons).toEqual(offered);
});
