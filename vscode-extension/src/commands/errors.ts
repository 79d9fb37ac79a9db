/** Errors of the server as people read them: what happened, and what to do next. */
import * as vscode from "vscode";
import { suggestionTexts } from "../deploy/remedies";
import { withoutLogin } from "../deploy/text";
import { brief, sentences } from "../format";
import { COMMANDS } from "../ids";
import type { Reason } from "../protocol";
import { offer } from "../views/offer";

const NOT_TRUSTED = 1003;

/** What an error says; those of the server carry a kind and suggestions. */
export function reasonOf(error: unknown): Reason {
  const data = (error as { data?: Partial<Reason> | null } | undefined)?.data;
  const message = withoutLogin(error instanceof Error ? error.message : String(error));
  return { kind: "internal_error", ...data, message };
}

export async function showError(error: unknown, log: vscode.LogOutputChannel): Promise<void> {
  const reason = reasonOf(error);
  const { message } = reason;
  const suggestions = suggestionTexts(reason);
  log.error([message, ...suggestions].join("\n  "));
  const [button, command] =
    (error as { code?: unknown }).code === NOT_TRUSTED
      ? (["Manage Workspace Trust", "workbench.trust.manage"] as const)
      : (["Show Log", COMMANDS.showServerLog] as const);
  const chosen = await offer("error", sentences(brief(message, 400), ...suggestions.slice(0, 1)), [button]);
  if (chosen !== undefined) {
    await vscode.commands.executeCommand(command);
  }
}
