/** The end of an app's own log as a read-only document, which follows the app while somebody looks. */
import * as vscode from "vscode";
import { stripAnsi } from "../ansi";
import { SCHEMES } from "../ids";
import type { AppState } from "../protocol";
import type { Send } from "../state/store";

const LOOK_MS = 2000;
const LONGEST = 1_048_576;

export class AppLogs implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changes = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changes.event;
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(SCHEMES.appLog, this);
  private readonly timer = setInterval(() => this.look(), LOOK_MS);

  constructor(private readonly send: Send) {}

  async provideTextDocumentContent({ query }: vscode.Uri): Promise<string> {
    const { text } = await this.send("deploy/appLog", { deployDir: query, limit: LONGEST });
    return stripAnsi(text) || "(no output)\n";
  }

  dispose(): void {
    clearInterval(this.timer);
    this.registration.dispose();
    this.changes.dispose();
  }

  private look(): void {
    for (const { document } of vscode.window.visibleTextEditors) {
      if (document.uri.scheme === SCHEMES.appLog) {
        this.changes.fire(document.uri);
      }
    }
  }
}

export function appLogUri({ name, deployDir }: AppState): vscode.Uri {
  return vscode.Uri.from({ scheme: SCHEMES.appLog, path: `/${name}.log`, query: deployDir });
}
