/** What VS Code hands to commands, and what they take of it. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { document } from "../journals";

const editor = { handlers: new Map<string, (...given: unknown[]) => Promise<void>>(), told: [] as string[] };
vi.mock("vscode", () => {
  const show = async (message: string): Promise<void> => void editor.told.push(message);
  return {
    commands: { registerCommand: (id: string, run: never) => editor.handlers.set(id, run) },
    window: { showInformationMessage: show, showErrorMessage: show, showWarningMessage: show },
  };
});
for (const module of ["deploy", "model", "server", "showPlan"]) {
  vi.doMock(`../../src/commands/${module}`);
}
const modules = await Promise.all([
  import("../../src/commands/deploy"),
  import("../../src/commands/model"),
  import("../../src/commands/server"),
  import("../../src/commands/showPlan"),
]);
const { registerCommands } = await import("../../src/commands");

const shop = document("success");
const row = (status: string, more: object = {}): object => ({
  id: "d1",
  log: { ...shop, status, ...more },
  summary: { deploymentId: "d1", repo: "/shop", target: "local", status, startTime: "", logUri: "file:///l" },
});
const sent: string[] = [];
let shown: unknown;
const services = {
  store: { load: async () => undefined, get: () => shown, all: () => [shown] },
  apps: { update: async () => undefined, all: () => [{ name: "shop", deployDir: "/d", status: "running" }] },
  output: { show: () => sent.push("shown") },
  send: async (method: string) => void sent.push(method),
};
const press = (command: string, ...given: unknown[]): Promise<void> | undefined =>
  editor.handlers.get(`autoDeployer.${command}`)?.(...given);

beforeEach(() => {
  vi.clearAllMocks();
  editor.told = [];
  sent.length = 0;
  registerCommands(services as never);
});

describe("the buttons in a view's title", () => {
  const titled = manifest.contributes.menus["view/title"].map(({ command }) => command.replace("autoDeployer.", ""));

  it.each(titled)("%s does not take the focused row for a choice", async (command) => {
    const node = { id: "d/d1", deploymentId: "d1", content: {} };
    await press(command, node, [node]);
    const calls = modules.flatMap((all) => Object.values(all)).flatMap((one) => (vi.isMockFunction(one) ? one.mock.calls : []));
    expect([...calls.map((call) => call.slice(1)), ...sent.map(() => [])]).toEqual([[]]);
    expect(editor.told).toEqual([]);
  });
});

describe("a row that no longer fits", () => {
  it.each([
    ["cancel", row("success"), "Cancel Deployment: site has ended (success)."],
    ["deleteDeployment", row("running"), "Delete Deployment: site is still running."],
    ["answer", row("running", { pending_question: null }), "Answer Question: site waits for no answer now."],
    ["askModel", row("running"), "Ask the Model to Repair: site does not ask for that now."],
    ["retry", row("success"), "Retry: site has succeeded: there is nothing to retry."],
    ["skipStep", row("running", { steps: [] }), "Skip Step: site has not begun a step yet."],
    ["copyCommand", row("failed", { steps: [] }), "Copy Command: site has run no command."],
    ["cancel", undefined, "Cancel Deployment: The deployment is not there any more."],
  ])("%s says so and does nothing: %#", async (command, deployment, sentence) => {
    shown = deployment;
    await press(command, { deploymentId: "d1" });
    expect([editor.told, sent]).toEqual([[sentence], []]);
  });

  it("says where one is controlled that a terminal keeps", async () => {
    const kept = row("running") as { summary: object };
    shown = { ...kept, summary: { ...kept.summary, controllable: false } };
    await press("cancel", { deploymentId: "d1" });
    expect([editor.told, sent]).toEqual([["Cancel Deployment: site was started elsewhere, and can be controlled only there."], []]);
  });

  it("is looked up anew where it is an app", async () => {
    await press("startApp", { id: "a", app: { name: "shop", deployDir: "/d", status: "stopped" } });
    await press("stopApp", { id: "a", app: { name: "kiosk", deployDir: "/gone", status: "running" } });
    expect(editor.told).toEqual(["Start App: shop is running already.", "Stop App: kiosk is not there any more."]);
    expect(sent).toEqual([]);
  });
});

it("takes nothing of another kind", async () => {
  shown = row("running");
  await press("cancel", { scheme: "file", path: "/shop" });
  expect(sent).toEqual(["deploy/cancel"]); // the only one that runs, as from the palette
});
