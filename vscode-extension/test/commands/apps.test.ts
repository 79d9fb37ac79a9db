/** What is asked of one app comes one after the other; apps do not wait for each other. */
import { expect, it, vi } from "vitest";

vi.mock("vscode", () => ({
  ProgressLocation: { Window: 10 },
  window: { withProgress: (_: unknown, task: () => Promise<unknown>) => task() },
}));
const { restartApp, stopApp } = await import("../../src/commands/apps");

const sent: string[] = [];
const ends = new Map<string, (error?: Error) => void>();
const app = (name: string): object => ({ name, deployDir: `/deployments/${name}`, status: "running" });
const services = {
  apps: { update: async () => undefined, all: () => [app("shop"), app("kiosk")], get: (dir: string) => app(dir.slice(13)) },
  send: (method: string, { deployDir }: { deployDir: string }) => {
    const name = `${method} ${deployDir}`;
    sent.push(name);
    return new Promise<void>((resolve, reject) => ends.set(name, (error) => (error ? reject(error) : resolve())));
  },
};
const press = (what: typeof stopApp, name: string): Promise<void> => what(services as never, { app: app(name) } as never);

it("waits for what was asked of the same app, also when that fails", async () => {
  const restarted = press(restartApp, "shop");
  await vi.waitFor(() => expect(sent).toEqual(["deploy/restartApp /deployments/shop"]));
  const stopped = press(stopApp, "shop");
  const other = press(stopApp, "kiosk");
  await vi.waitFor(() => expect(sent).toHaveLength(2));
  expect(sent[1]).toBe("deploy/stopApp /deployments/kiosk");
  ends.get("deploy/restartApp /deployments/shop")?.(new Error("it does not come up"));
  await expect(restarted).rejects.toThrow("it does not come up");
  await vi.waitFor(() => expect(sent[2]).toBe("deploy/stopApp /deployments/shop"));
  ends.get("deploy/stopApp /deployments/shop")?.();
  ends.get("deploy/stopApp /deployments/kiosk")?.();
  await Promise.all([stopped, other]);
});
