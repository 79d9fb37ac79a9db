import { expect, it, vi } from "vitest";

type Listener = (event: never) => void;
const on: Record<string, Listener> = {};
const listen = (name: string) => (listener: Listener) => {
  on[name] = listener;
  return { dispose: () => undefined };
};
const editors: unknown[] = [];
vi.mock("vscode", () => ({
  Range: class {
    constructor(readonly start: unknown) {}
  },
  window: {
    get visibleTextEditors() {
      return editors;
    },
    onDidChangeVisibleTextEditors: listen("editors"),
    onDidChangeTextEditorVisibleRanges: listen("ranges"),
  },
  workspace: { onDidChangeTextDocument: listen("text") },
}));
const { orWhy, Tails } = await import("../../src/views/tail");

function editorOf(scheme: string): { document: { lineCount: number }; visibleRanges: unknown[]; revealed: unknown[] } {
  const revealed: unknown[] = [];
  const document = { uri: { scheme }, lineCount: 100, lineAt: (line: number) => ({ range: { end: line } }) };
  const editor = {
    document,
    visibleRanges: [{ end: { line: 99 } }],
    revealed,
    revealRange: (range: unknown) => revealed.push(range),
  };
  editors.push(editor);
  return editor;
}

it("follows the end of our documents as long as it is in view", () => {
  const [ours, other] = [editorOf("output"), editorOf("file")];
  new Tails(["output"]);
  const grow = (): void => {
    for (const { document } of [ours, other]) {
      document.lineCount += 50;
      on.text?.({ document } as never);
    }
  };
  grow();
  expect(ours.revealed).toEqual([{ start: 149 }]);
  expect(other.revealed).toEqual([]);
  ours.visibleRanges = [{ end: { line: 40 } }];
  on.ranges?.({ textEditor: ours } as never); // the user reads further up
  grow();
  expect(ours.revealed).toHaveLength(1);
  ours.visibleRanges = [{ end: { line: 199 } }];
  on.ranges?.({ textEditor: ours } as never); // and is back
  grow();
  expect(ours.revealed).toHaveLength(2);
});

it("has in place of a text why there is none", async () => {
  expect(await orWhy(() => Promise.reject(new Error("It is gone.")))).toBe("(it cannot be read: It is gone.)\n");
});
