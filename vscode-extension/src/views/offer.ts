/** Notifications and dialogs with buttons. All buttons are listed here: a test presses each of them in the editor. */
import * as vscode from "vscode";

export const BUTTONS = [
  "Answer…",
  "Delete",
  "Deploy Again",
  "Enter a Token",
  "Manage Workspace Trust",
  "More…",
  "Open in Browser",
  "Open Log",
  "Restart",
  "Retry",
  "Review…",
  "Save Anyway",
  "Select Interpreter",
  "Show Log",
  "Try Again",
  "Use GitHub Sign-In",
] as const;

/** One of ours, or one whose label comes from elsewhere: an option of a question, what a refusal asks for. */
export type Button = (typeof BUTTONS)[number] | { readonly label: string };

const SHOW = {
  information: vscode.window.showInformationMessage,
  warning: vscode.window.showWarningMessage,
  error: vscode.window.showErrorMessage,
} as const;

/** The label of the button that was pressed. */
export function offer(kind: keyof typeof SHOW, message: string, buttons: readonly Button[]): Thenable<string | undefined> {
  return SHOW[kind](message, ...buttons.map(labelOf));
}

/** The same in a window that waits for an answer; Enter presses the first button. */
export function insist(message: string, detail: string | undefined, buttons: readonly Button[]): Thenable<string | undefined> {
  return vscode.window.showWarningMessage(message, { modal: true, detail }, ...buttons.map(labelOf));
}

function labelOf(button: Button): string {
  return typeof button === "string" ? button : button.label;
}
