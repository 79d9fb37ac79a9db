/** Settings and keys for the server: the user's own only, never a workspace's. */
import * as vscode from "vscode";
import { nested, providerOf, secretName } from "../deploy/model";
import { SECTION } from "../ids";
import { PROVIDERS } from "../protocol";
import type { Send } from "../state/store";

/** Of the extension itself; all others that package.json contributes are the server's. */
const OURS = ["interpreter", "logDir"];

/** What the user set: what they left alone is for the server's other sources to say. */
export function userSettings(contributed: readonly string[]): Record<string, unknown> {
  const configuration = vscode.workspace.getConfiguration(SECTION);
  const names = contributed.map((key) => key.slice(SECTION.length + 1)).filter((name) => !OURS.includes(name));
  return nested(Object.fromEntries(names.map((name) => [name, configuration.inspect(name)?.globalValue])));
}

/** Hand over every key that is kept. */
export async function sendKeys(secrets: vscode.SecretStorage, send: Send): Promise<void> {
  await Promise.all(PROVIDERS.map((provider) => sendKey(secrets, send, secretName(provider), true)));
}

/** Hand over one as it is kept now, also one that is gone. */
export async function sendKey(secrets: vscode.SecretStorage, send: Send, secret: string, onlyKept = false): Promise<void> {
  const [name, value] = [providerOf(secret)?.name, (await secrets.get(secret)) ?? ""];
  if (name !== undefined && (value !== "" || !onlyKept)) {
    await send("deploy/setSecret", { name, value });
  }
}
