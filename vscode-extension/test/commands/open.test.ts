/** Opening a log: it is made read-only, and no other document that comes to the front meanwhile. */
import { beforeEach, expect, it, vi } from "vitest";

type Document = { name: string };
const log: Document = { name: "log" };
const other: Document = { name: "other" };
const editor = { active: undefined as { document: Document } | undefined, run: [] as (string | undefined)[] };
const active: ((editor: { document: Document }) => void)[] = [];
const closed: ((document: Document) => void)[] = [];
const listenTo =
  <T>(listeners: T[]) =>
  (listener: T) => {
    listeners.push(listener);
    return { dispose: () => listeners.splice(listeners.indexOf(listener), 1) };
  };
vi.mock("vscode", () => ({
  Uri: { parse: (text: string) => text },
  commands: { executeCommand: async (id: string) => void editor.run.push(`${id} of ${editor.active?.document.name}`) },
  window: {
    get activeTextEditor() {
      return editor.active;
    },
    showTextDocument: async () => undefined,
    onDidChangeActiveTextEditor: listenTo(active),
  },
  workspace: { openTextDocument: async () => log, onDidCloseTextDocument: listenTo(closed) },
}));
const { openLog } = await import("../../src/commands/open");

const READ_ONLY = ["workbench.action.files.setActiveEditorReadonlyInSession of log"];
const deployment = { id: "d1", logUri: "file:///logs/deploy_shop.json", summary: { repo: "/shop" } };
const open = (): Promise<void> =>
  openLog({ store: { load: async () => undefined, get: () => deployment } } as never, { deploymentId: "d1" });
const comesToTheFront = (document: Document): void => {
  editor.active = { document };
  for (const listener of [...active]) {
    listener(editor.active);
  }
};

beforeEach(() => {
  editor.active = undefined;
  editor.run = [];
});

it("is read-only at once where it is in front", async () => {
  editor.active = { document: log };
  await open();
  expect(editor.run).toEqual(READ_ONLY);
});

it("is read-only once it is in front, and the one that was there is left alone", async () => {
  editor.active = { document: other };
  const opened = open();
  await vi.waitFor(() => expect(active).toHaveLength(1));
  comesToTheFront(other);
  expect(editor.run).toEqual([]);
  comesToTheFront(log);
  await opened;
  expect(editor.run).toEqual(READ_ONLY);
  expect([active, closed]).toEqual([[], []]);
});

it("makes nothing read-only where it was closed meanwhile", async () => {
  editor.active = { document: other };
  const opened = open();
  await vi.waitFor(() => expect(closed).toHaveLength(1));
  for (const listener of [...closed]) {
    listener(log);
  }
  await opened;
  expect(editor.run).toEqual([]);
});
