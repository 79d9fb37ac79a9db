/** Errors of the server as people read them: what happened, and what to do next. */
import * as vscode from "vscode";
import { COMMANDS } from "../ids";

const NOT_TRUSTED = 1003;

interface ErrorData {
  readonly kind?: string;
  readonly suggestions?: string[];
}

/** What a JSON-RPC error carries beside its message; nothing for other errors. */
export function errorData(error: unknown): ErrorData {
  return (error as { data?: ErrorData | null } | undefined)?.data ?? {};
}

export async function showError(error: unknown, log: vscode.LogOutputChannel): Promise<void> {
  const message = error instanceof Error ? error.message : String(error);
  const advice = errorData(error).suggestions?.[0];
  log.error([message, ...(errorData(error).suggestions ?? [])].join("\n  "));
  if ((error as { code?: unknown }).code === NOT_TRUSTED) {
    const chosen = await vscode.window.showWarningMessage(message, "Manage Workspace Trust");
    if (chosen !== undefined) {
      await vscode.commands.executeCommand("workbench.trust.manage");
    }
    return;
  }
  const chosen = await vscode.window.showErrorMessage(advice ? `${message} ${advice}` : message, "Show Log");
  if (chosen !== undefined) {
    await vscode.commands.executeCommand(COMMANDS.showServerLog);
  }
}
