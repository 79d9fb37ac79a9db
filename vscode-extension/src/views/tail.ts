/** Documents that grow at their end: they open there, and follow it as long as it is in view. */
import * as vscode from "vscode";

export async function showAtEnd(uri: vscode.Uri, options: vscode.TextDocumentShowOptions): Promise<void> {
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document, { ...options, selection: endOf(document) });
}

/** What `read` gives, or in its place why it gave nothing: a document that fails to open is told of by its address alone. */
export async function orWhy(read: () => Promise<string>, failed: () => void = () => undefined): Promise<string> {
  try {
    return await read();
  } catch (error) {
    failed();
    return `(it cannot be read: ${error instanceof Error ? error.message : String(error)})\n`;
  }
}

export class Tails implements vscode.Disposable {
  /** Whether the end was in view when the editor was last looked at: before the text that comes now. */
  private readonly atEnd = new WeakMap<vscode.TextEditor, boolean>();
  private readonly parts: vscode.Disposable[];

  constructor(private readonly schemes: readonly string[]) {
    this.parts = [
      vscode.window.onDidChangeVisibleTextEditors((editors) => editors.forEach((editor) => void this.look(editor))),
      vscode.window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => this.look(textEditor)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.grown(document)),
    ];
    vscode.window.visibleTextEditors.forEach((editor) => void this.look(editor));
  }

  dispose(): void {
    for (const part of this.parts) {
      part.dispose();
    }
  }

  private look(editor: vscode.TextEditor): void {
    const last = editor.visibleRanges.at(-1)?.end.line ?? 0;
    this.atEnd.set(editor, last >= editor.document.lineCount - 2); // behind the last line break there is an empty line
  }

  private grown(document: vscode.TextDocument): void {
    const editors = this.schemes.includes(document.uri.scheme) ? vscode.window.visibleTextEditors : [];
    for (const editor of editors.filter((one) => one.document === document && this.atEnd.get(one) === true)) {
      editor.revealRange(endOf(document));
    }
  }
}

function endOf(document: vscode.TextDocument): vscode.Range {
  const { end } = document.lineAt(document.lineCount - 1).range;
  return new vscode.Range(end, end);
}
