import { afterEach, beforeEach, expect, it, vi } from "vitest";

type Listener = (uri: { path: string; toString(): string }) => void;
const watched: { base: string; pattern: string; tell: Listener[]; gone: boolean }[] = [];
const existing = new Set<string>();
const uri = (path: string): { path: string; toString(): string } => ({ path, toString: () => path });
vi.mock("vscode", () => ({
  RelativePattern: class {
    constructor(
      readonly base: { path: string },
      readonly pattern: string,
    ) {}
  },
  Uri: { file: uri, parse: uri },
  workspace: {
    createFileSystemWatcher: ({ base, pattern }: { base: { path: string }; pattern: string }) => {
      const watcher = { base: base.path, pattern, tell: [] as Listener[], gone: false };
      watched.push(watcher);
      const listen = (listener: Listener): number => watcher.tell.push(listener);
      return { onDidCreate: listen, onDidChange: listen, onDidDelete: listen, dispose: () => (watcher.gone = true) };
    },
    fs: {
      stat: async ({ path }: { path: string }) => {
        if (!existing.has(path)) {
          throw new Error("there is no such file");
        }
      },
    },
  },
}));
const { LogFiles } = await import("../../src/views/logFiles");

const news = vi.fn();
const known = [{ logUri: "/logs/deploy_known.json" }];
const files = new LogFiles({ all: () => known } as never, news);
const touch = async (path: string): Promise<void> => {
  watched.at(-1)?.tell[0]?.(uri(path));
  await vi.advanceTimersByTimeAsync(1500);
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("watches the folder that the server names: there is none of a workspace in an empty window", async () => {
  files.watch(undefined);
  expect(watched).toEqual([]);
  files.watch("/logs");
  files.watch("/logs");
  expect(watched).toMatchObject([{ base: "/logs", pattern: "deploy_*.json", gone: false }]);
});

it("tells of a log that comes and of one that goes, and of nothing else", async () => {
  existing.add("/logs/deploy_known.json").add("/logs/deploy_new.json");
  await touch("/logs/deploy_known.json");
  expect(news).not.toHaveBeenCalled();
  await touch("/logs/deploy_new.json");
  expect(news).toHaveBeenCalledTimes(1);
  existing.delete("/logs/deploy_known.json");
  await touch("/logs/deploy_known.json");
  expect(news).toHaveBeenCalledTimes(2);
});

it("lets go of a folder that is no longer used", () => {
  files.watch("/other");
  expect(watched.map(({ base, gone }) => [base, gone])).toEqual([
    ["/logs", true],
    ["/other", false],
  ]);
});
