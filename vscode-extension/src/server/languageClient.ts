/** How the language client is set up. Loaded only when a server is started: it is most of this extension's code. */
import * as vscode from "vscode";
import { CloseAction, ErrorAction, State, type StaticFeature } from "vscode-languageclient";
import { LanguageClient, type LanguageClientOptions, TransportKind } from "vscode-languageclient/node";
import { SECTION } from "../ids";
import { type AskParams, EVENT_METHODS, type OutputChunk, PROTOCOL_VERSION } from "../protocol";
import type { DeploymentEvent } from "../state/reducer";
import { logAtItsLevel } from "./serverLog";

export interface Handlers {
  event(event: DeploymentEvent): void;
  output(chunk: OutputChunk): void;
  ask(params: AskParams, token: vscode.CancellationToken): Promise<null>;
  /** What the user set. */
  settings(): Record<string, unknown>;
  /** A deployment's progress bar, from its begin to its end. */
  progress(token: string, ended: boolean): void;
}

export interface Hooks {
  /** The server ended by itself: is it to be started again? */
  closed(): Promise<boolean>;
  running(): Promise<void>;
  /** It could not be started, or did not answer as a server does. */
  notStarted(): void;
}

export function createLanguageClient(
  python: string,
  handlers: Handlers,
  hooks: Hooks,
  log: vscode.LogOutputChannel,
): LanguageClient {
  // -P: nothing of the workspace may be imported
  const args = ["-P", "-m", "auto_deployer", "server", "--log-level", "INFO"];
  const server = { command: python, args, transport: TransportKind.stdio };
  const client = new LanguageClient("autoDeployer", "Auto-Deployer", server, options(handlers, hooks, log));
  client.registerFeature(capabilities());
  for (const method of EVENT_METHODS) {
    client.onNotification(method, (params) => handlers.event({ method, params } as DeploymentEvent));
  }
  client.onNotification("deploy/commandOutput", (chunk: OutputChunk) => handlers.output(chunk));
  client.onRequest("deploy/ask", (params: AskParams, token) => handlers.ask(params, token));
  client.onDidChangeState(({ newState }) => {
    if (newState === State.Running) {
      void hooks.running();
    } else if (newState === State.StartFailed) {
      hooks.notStarted();
    }
  });
  return client;
}

function options(handlers: Handlers, hooks: Hooks, log: vscode.LogOutputChannel): LanguageClientOptions {
  const logDir = vscode.workspace.getConfiguration(SECTION).get<string>("logDir");
  return {
    documentSelector: [],
    outputChannel: log,
    stdioOptions: { stdout: () => undefined, stderr: (lines) => logAtItsLevel(lines, log) }, // stdout is the protocol's
    initializationOptions: () => ({
      trusted: vscode.workspace.isTrusted,
      settings: handlers.settings(),
      ...(logDir ? { logDir } : {}),
    }),
    initializationFailedHandler: (error) => {
      log.error(`initialize failed: ${String(error)}`);
      return false;
    },
    errorHandler: {
      error: (error) => {
        log.warn(`connection to the server: ${error.message}`);
        return { action: ErrorAction.Continue };
      },
      closed: async () => ({ action: (await hooks.closed()) ? CloseAction.Restart : CloseAction.DoNotRestart, handled: true }),
    },
    middleware: {
      handleWorkDoneProgress: (token, params, next) => {
        if (String(token).startsWith("auto-deployer/")) {
          handlers.progress(String(token), params.kind === "end");
        } else {
          next(token, params);
        }
      },
    },
  };
}

/** `experimental.autoDeployer`: everything, output as it comes, every kind of question. */
function capabilities(): StaticFeature {
  const declared = {
    protocolVersion: PROTOCOL_VERSION,
    replay: true,
    output: "stream",
    interaction: ["choice", "confirm", "text", "secret"],
  };
  return {
    fillClientCapabilities(all): void {
      all.experimental = { ...(all.experimental as object | undefined), autoDeployer: declared };
    },
    initialize(): void {},
    getState: () => ({ kind: "static" }),
    clear(): void {},
  };
}
