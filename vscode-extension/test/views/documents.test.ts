import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Change } from "../../src/state/store";
import { document } from "../journals";

type Uri = { scheme: string; path: string; toString(): string };
const uri = (path: string): Uri => ({ scheme: "auto-deployer-output", path, toString: () => path });
const editor = { open: [] as Uri[], visible: [] as Uri[], shown: () => undefined as undefined };
const fired: string[] = [];
vi.mock("vscode", () => ({
  EventEmitter: class {
    event = (): void => undefined;
    fire = (one: Uri): number => fired.push(one.path);
    dispose(): void {}
  },
  Uri: { parse: (text: string) => ({ fsPath: text.replace("file://", "") }) },
  workspace: {
    registerTextDocumentContentProvider: () => ({ dispose: () => undefined }),
    onDidCloseTextDocument: () => ({ dispose: () => undefined }),
    get textDocuments() {
      return editor.open.map((one) => ({ uri: one }));
    },
  },
  window: {
    onDidChangeVisibleTextEditors: (listener: () => undefined) => {
      editor.shown = listener;
      return { dispose: () => undefined };
    },
    get visibleTextEditors() {
      return editor.visible.map((one) => ({ document: { uri: one } }));
    },
  },
}));
const { OutputDocuments } = await import("../../src/views/documents");

const log = structuredClone(document("success"));
const first = log.steps?.find(({ commands }) => commands?.length)?.commands?.[0];
let tell: (change: Change) => void = () => undefined;
const store = {
  load: async () => undefined,
  get: () => ({ id: "d1", log, logUri: "file:///logs/deploy_shop.json" }),
  onDidChange: (listener: typeof tell) => {
    tell = listener;
    return { dispose: () => undefined };
  },
};
let send = async (): Promise<unknown> => ({ text: "", offset: 0 });
const read = (key: string): Promise<string> =>
  new OutputDocuments(store as never, (() => send()) as never).provideTextDocumentContent(uri(`/d1/${key}/x.log`) as never);

beforeEach(() => {
  vi.useFakeTimers();
  fired.length = 0;
});
afterEach(() => void vi.useRealTimers());

it("says that there is no output, or none yet, or why it cannot be read", async () => {
  expect(await read(first?.id ?? "")).toBe("(no output)\n");
  const running = log.steps?.at(-1);
  Object.assign(running ?? {}, { current_command: { id: "c99", command: "sleep 9" } });
  expect(await read("c99")).toBe("(no output yet)\n");
  send = () => Promise.reject(new Error("There is no server."));
  expect(await read("c99")).toBe("(it cannot be read: There is no server.)\n");
});

it("shows of a log without ids what the log has", async () => {
  Object.assign(first ?? {}, { id: "", stdout: "head\n", stdout_tail: "tail", stderr: "oh\n", stderr_tail: "" });
  const entry = log.steps?.findIndex(({ commands }) => commands?.includes(first as never));
  expect(await read(`${entry}.0`)).toBe("head\n\n…\ntail\noh\n");
});

it("is read again where it is seen, and one in the background when it comes to the front", () => {
  new OutputDocuments(store as never, (() => send()) as never);
  editor.open = [uri("/d1/c1/x.log")];
  const grows = (): void => tell({ kind: "output", deployment: { id: "d1" }, chunk: { commandId: "c1" } } as never);
  for (let time = 0; time < 10; time += 1) {
    grows();
    vi.advanceTimersByTime(1000);
  }
  expect(fired).toEqual([]);
  editor.visible = editor.open;
  editor.shown();
  vi.advanceTimersByTime(1000);
  expect(fired).toEqual(["/d1/c1/x.log"]);
  vi.advanceTimersByTime(5000);
  expect(fired).toHaveLength(1); // nothing new
});
