/** The end of an app's own log as a read-only document, which follows the app while somebody looks. */
import * as vscode from "vscode";
import { stripAnsi } from "../ansi";
import { SCHEMES } from "../ids";
import type { AppState } from "../protocol";
import type { Send } from "../state/store";
import { orWhy } from "./tail";

const LOOK_MS = 2000;
const LONGEST = 1_048_576;

export class AppLogs implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changes = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changes.event;
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(SCHEMES.appLog, this);
  private readonly timer = setInterval(() => void this.look(), LOOK_MS);
  /** Bytes of each log when it was last read. */
  private readonly sizes = new Map<string, number>();

  constructor(private readonly send: Send) {}

  provideTextDocumentContent({ query }: vscode.Uri): Promise<string> {
    return orWhy(async () => {
      const { text, size } = await this.send("deploy/appLog", { deployDir: query, limit: LONGEST });
      this.sizes.set(query, size);
      return stripAnsi(text) || "(no output yet)\n";
    });
  }

  dispose(): void {
    clearInterval(this.timer);
    this.registration.dispose();
    this.changes.dispose();
  }

  /** Only a log that is seen is asked about, and only one that has grown (or begun anew) is read again. */
  private async look(): Promise<void> {
    const shown = vscode.window.visibleTextEditors.map(({ document }) => document.uri).filter(isAppLog);
    for (const uri of new Map(shown.map((one) => [one.query, one])).values()) {
      try {
        const { size } = await this.send("deploy/appLog", { deployDir: uri.query, limit: 1 });
        if (size !== this.sizes.get(uri.query)) {
          this.changes.fire(uri);
        }
      } catch {
        // the server is away, or the app is: what was read stays
      }
    }
  }
}

function isAppLog({ scheme }: vscode.Uri): boolean {
  return scheme === SCHEMES.appLog;
}

export function appLogUri({ name, deployDir }: AppState): vscode.Uri {
  return vscode.Uri.from({ scheme: SCHEMES.appLog, path: `/${name}.log`, query: deployDir });
}
