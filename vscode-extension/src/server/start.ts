/** From settings and the Python extension to the interpreter that runs the server. */
import path from "node:path";
import * as vscode from "vscode";
import { SECTION } from "../ids";
import { markUsed, PRIVATE, privatePython, privatePythons, type Storage } from "./environment";
import { type Candidate, canRunServer, findInterpreter, onPath, SETTING } from "./interpreter";

/** What of the Python extension's API is used. */
interface PythonApi {
  readonly environments?: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    resolveEnvironment(environment: { path: string }): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
  };
}

/** Python that has the server: one that is there, or the private environment's. */
export async function serverPython(context: vscode.ExtensionContext, log: vscode.LogOutputChannel): Promise<string> {
  const { version } = context.extension.packageJSON as { version: string };
  const storage = { folder: context.globalStorageUri.fsPath, bundled: path.join(context.extensionPath, "bundled") };
  const interpreter = await findInterpreter(await candidates(storage, log), version, (line) => log.info(line));
  if (canRunServer(interpreter, version)) {
    if (interpreter.origin === PRIVATE) {
      await markUsed(interpreter.path);
    }
    return interpreter.path;
  }
  const options = { location: vscode.ProgressLocation.Notification, title: "Auto-Deployer", cancellable: true };
  return vscode.window.withProgress(options, (progress, token) => {
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    return privatePython(interpreter, storage, {
      log: (line) => log.info(line),
      progress: (message) => progress.report({ message }),
      env: proxyVariables(),
      signal: abort.signal,
    });
  });
}

/** The setting alone, or: the Python extension's environment, ours, the path. */
async function candidates(storage: Storage, log: vscode.LogOutputChannel): Promise<Candidate[]> {
  const setting = vscode.workspace.getConfiguration(SECTION).get<string>("interpreter")?.trim();
  if (setting) {
    return [{ program: setting, args: [], origin: SETTING }];
  }
  const found = [...(await privatePythons(storage)), ...onPath(process.platform)];
  const active = vscode.workspace.isTrusted ? await activeEnvironment(log) : undefined;
  return active ? [{ program: active, args: [], origin: "Python extension" }, ...found] : found;
}

/** The environment chosen in the Python extension, where that is installed. It may lie in the workspace: only when trusted. */
async function activeEnvironment(log: vscode.LogOutputChannel): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension<PythonApi>("ms-python.python");
  if (extension === undefined) {
    return undefined;
  }
  try {
    const { environments } = await extension.activate();
    const resource = vscode.workspace.workspaceFolders?.[0]?.uri;
    const resolved = await environments?.resolveEnvironment(environments.getActiveEnvironmentPath(resource));
    return resolved?.executable.uri?.fsPath;
  } catch (error) {
    log.warn(`The Python extension did not tell its environment: ${String(error)}`);
    return undefined;
  }
}

/** The editor's proxy for pip, where the environment names none. */
function proxyVariables(): Record<string, string> {
  const proxy = vscode.workspace.getConfiguration("http").get<string>("proxy");
  const named = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"].some((name) => process.env[name]);
  return proxy && !named ? { HTTPS_PROXY: proxy, HTTP_PROXY: proxy } : {};
}
