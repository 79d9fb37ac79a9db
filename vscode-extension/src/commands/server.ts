/** The server itself: its log, a restart, the Python that runs it. */
import * as vscode from "vscode";
import { SECTION } from "../ids";
import { onPath, probed, tooOld } from "../server/interpreter";
import { pickOne } from "../views/pick";
import type { Services } from "./services";

export async function showServerLog({ log }: Services): Promise<void> {
  log.show(true);
}

export async function restartServer({ client }: Services): Promise<void> {
  await client.start();
}

/** The Pythons of the path, and any other; the choice is kept in the user's settings and the server started with it. */
export async function selectInterpreter(): Promise<void> {
  const found = await Promise.all(onPath(process.platform).map(probed));
  const seen = new Map(
    found.flatMap((python) => (typeof python === "string" || tooOld(python) ? [] : [[python.path, python] as const])),
  );
  const items = [
    { label: "$(search) Look for one", description: "the Python extension's environment, then the path", value: "" },
    ...[...seen.values()].map(({ path, version, server }) => ({
      label: `Python ${version}`,
      description: `${path}${server === null ? "" : ` (with the server ${server})`}`,
      value: path,
    })),
    { label: "$(folder) Browse…", description: "", value: "browse" },
  ];
  const chosen = await pickOne(items, "Select Interpreter", "Python 3.11 or newer that runs the server");
  const path = chosen === "browse" ? (await vscode.window.showOpenDialog({ title: "Python" }))?.[0]?.fsPath : chosen;
  if (path !== undefined) {
    await vscode.workspace.getConfiguration(SECTION).update("interpreter", path || undefined, vscode.ConfigurationTarget.Global);
  }
}
