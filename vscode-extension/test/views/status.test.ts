import { expect, it, vi } from "vitest";
import { DeploymentStore } from "../../src/state/store";
import { events } from "../journals";

const item = { text: "", shown: false, show: () => undefined as undefined, hide: () => undefined as undefined };
const contexts = new Map<string, unknown>();
vi.mock("vscode", () => ({
  StatusBarAlignment: { Left: 1 },
  window: {
    createStatusBarItem: () =>
      Object.assign(item, {
        show: () => {
          item.shown = true;
        },
        hide: () => {
          item.shown = false;
        },
      }),
  },
  commands: { executeCommand: async (_: string, key: string, value: unknown) => void contexts.set(key, value) },
}));
const { Status } = await import("../../src/views/status");

function storeWith(name: string, from = 0, to?: number): DeploymentStore {
  const store = new DeploymentStore(
    () => Promise.reject(new Error("no server")),
    () => undefined,
  );
  new Status(store, "running");
  for (const event of events(name).slice(from, to)) {
    store.apply(event);
  }
  return store;
}

it("drops a deployment that was deleted", () => {
  const store = storeWith("success");
  expect([item.shown, item.text]).toEqual([true, expect.stringContaining("site: success")]);
  store.forget("success");
  expect(item.shown).toBe(false);
});

it("offers a retry and the model only where the question does", () => {
  const asked = (name: string): unknown[] => {
    contexts.clear();
    storeWith(name, 0, events(name).findIndex(({ method }) => method === "deploy/questionAsked") + 1);
    return ["hasQuestion", "offersRetry", "offersModel", "offersHint"].map((key) => contexts.get(`autoDeployer.${key}`));
  };
  expect(asked("rejected")).toEqual([true, false, false, false]); // a plan to be agreed to
  expect(asked("failure")).toEqual([true, true, false, false]);
  expect(asked("model")).toEqual([true, true, true, true]);
});
