import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Hooks } from "../../src/server/languageClient";

const made: { hooks: Hooks; running: boolean }[] = [];
/** What the servers answer, in this order; then with no apps. */
const answers: (() => Promise<unknown>)[] = [];

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
      sendRequest: () => answers.shift()?.() ?? Promise.resolve({ apps: [] }),
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
    answers.length = 0;
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

  const lost = (): Promise<never> => Promise.reject(Object.assign(new Error("Pending response rejected"), { code: -32097 }));

  it("asks the next server what the last one did not answer, where that may be asked twice", async () => {
    answers.push(lost);
    const waiting = client.request("deploy/apps", {});
    await made[0]?.hooks.closed();
    await made[0]?.hooks.running();
    expect(await waiting).toEqual({ apps: [] });
  });

  it("says in plain words that the answer is lost where it may not", async () => {
    answers.push(lost);
    await expect(client.request("deploy/stopApp", { name: "shop" })).rejects.toThrow("ended before it answered");
  });

  it("settles what was never answered when the server ends", async () => {
    answers.push(() => new Promise(() => undefined));
    const waiting = client.request("deploy/stopApp", { name: "shop" });
    const settled = expect(waiting).rejects.toThrow("ended before it answered");
    void made[0]?.hooks.closed();
    await settled;
  });

  it("makes who asks during a restart wait for the new server", async () => {
    const started = client.start();
    const waiting = client.request("deploy/apps", {});
    await started;
    expect(await waiting).toEqual({ apps: [] });
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
