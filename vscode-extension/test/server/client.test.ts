import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Hooks } from "../../src/server/languageClient";

const made: { hooks: Hooks; running: boolean }[] = [];

vi.mock("vscode", () => ({
  EventEmitter: class {
    private listeners = new Set<(value: unknown) => void>();
    event = (listener: (value: unknown) => void) => {
      this.listeners.add(listener);
      return { dispose: () => this.listeners.delete(listener) };
    };
    fire(value: unknown): void {
      for (const listener of [...this.listeners]) {
        listener(value);
      }
    }
    dispose(): void {}
  },
}));
vi.mock("../../src/server/languageClient", () => ({
  createLanguageClient: (_python: string, _handlers: unknown, hooks: Hooks) => {
    const server = { hooks, running: true };
    made.push(server);
    return {
      initializeResult: { capabilities: { experimental: { autoDeployer: { protocolVersion: PROTOCOL_VERSION } } } },
      start: () => hooks.running(),
      isRunning: () => server.running,
      dispose: () => Promise.resolve(),
      sendRequest: () => Promise.resolve({ apps: [] }),
    };
  },
}));

const { ServerClient } = await import("../../src/server/client");
const { PROTOCOL_VERSION } = await import("../../src/protocol");

describe("the client, after the server has ended", () => {
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn(), debug: vi.fn() };
  let client: InstanceType<typeof ServerClient>;

  beforeEach(async () => {
    made.length = 0;
    const python = (): Promise<string> => Promise.resolve("python");
    client = new ServerClient(python, {} as never, log as never, "0.1.0", () => Promise.resolve());
    await client.start();
    expect(client.state).toBe("running");
  });

  it("answers who waits when it cannot be started again", async () => {
    const again = await made[0]?.hooks.closed();
    expect([again, client.state]).toEqual([true, "restarting"]);
    const waiting = client.request("deploy/apps", {});
    made[0]?.hooks.notStarted();
    await expect(waiting).rejects.toThrow("ended again and again");
    expect(client.state).toBe("failed");
  });

  it("goes on waiting when the start that failed is the one before the wait", async () => {
    const closed = made[0]?.hooks.closed();
    made[0]?.hooks.notStarted();
    expect(await closed).toBe(true);
    await made[0]?.hooks.running();
    expect(client.state).toBe("running");
  });

  it("does not start one again that was replaced while it waited", async () => {
    const closed = made[0]?.hooks.closed();
    const started = client.start();
    expect(await closed).toBe(false);
    await started;
    expect([client.state, made.length]).toEqual(["running", 2]);
  });
});
