/** Wires the parts together; nothing else happens here. */
import * as vscode from "vscode";
import { registerCommands } from "./commands";
import { showError } from "./commands/errors";
import type { Services } from "./commands/services";
import { remedy } from "./commands/start";
import { Memory } from "./deploy/memory";
import { SeenRunning } from "./deploy/seen";
import { COMMANDS, SCHEMES, SECTION } from "./ids";
import { ServerClient, type ServerState } from "./server/client";
import { sendKey, sendKeys, userSettings } from "./server/settings";
import { serverPython } from "./server/start";
import { DeploymentStore, type Send } from "./state/store";
import { AppLogs } from "./views/appLog";
import { AppsView } from "./views/apps";
import { DeploymentsView } from "./views/deployments";
import { OutputDocuments, PlanDocuments } from "./views/documents";
import { GitHubSignIn } from "./views/gitHub";
import { LogFiles } from "./views/logFiles";
import { notifyOfEnds } from "./views/notifications";
import { offer } from "./views/offer";
import { DeploymentOutput } from "./views/output";
import { Questions } from "./views/questions";
import { Status } from "./views/status";
import { Tails } from "./views/tail";

let client: ServerClient | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("Auto-Deployer", { log: true });
  const send: Send = (method, params) => server.request(method, params);
  const store = new DeploymentStore(send, (what, error) => log.error(`${what}: ${String(error)}`));
  const view = new DeploymentsView(store);
  const memory = new Memory(context.workspaceState);
  const gitHub = new GitHubSignIn(memory);
  const questions = new Questions(store, send, gitHub);
  const handlers = {
    event: store.apply.bind(store),
    output: store.output.bind(store),
    ask: questions.ask.bind(questions),
    settings: () => userSettings(contributed),
    progress: view.progress.bind(view),
  };
  const { version, contributes } = context.extension.packageJSON as typeof import("../package.json");
  const contributed = Object.keys(contributes.configuration.properties);
  const greet = (first: Send): Promise<void> => sendKeys(context.secrets, first);
  const server = new ServerClient(() => serverPython(context, log), handlers, log, version, greet);
  client = server;
  const status = new Status(store, server.state);
  const apps = new AppsView(
    send,
    () => server.state === "running",
    (all) => status.hasApps(all.length > 0),
  );
  const plans = new PlanDocuments();
  const output = new DeploymentOutput(store);
  const services: Services = {
    client: server,
    send,
    store,
    memory,
    view,
    apps,
    questions,
    gitHub,
    plans,
    output,
    secrets: context.secrets,
    log,
  };
  const logFiles = new LogFiles(store, () => server.state === "running" && connect(services));
  context.subscriptions.push(
    log,
    server,
    view,
    questions,
    status,
    apps,
    plans,
    output,
    new Tails([SCHEMES.output, SCHEMES.appLog]),
    new OutputDocuments(store, send),
    new AppLogs(send),
    notifyOfEnds(store, new SeenRunning(context.workspaceState), (deployment, chosen) =>
      remedy(services, deployment, chosen).catch((error: unknown) => showError(error, log)),
    ),
    server.onDidChangeState((state) => {
      logFiles.watch(server.logDir); // before the list is asked for: nothing comes in between
      serverChanged(state, services, status);
    }),
    store.onDidChange((change) => change.kind === "event" && change.event.method === "deploy/finished" && void apps.update()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => server.start()),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(`${SECTION}.interpreter`) || event.affectsConfiguration(`${SECTION}.logDir`)) {
        void server.start();
      } else if (event.affectsConfiguration(SECTION)) {
        server.configure().catch((error: unknown) => log.error(`handing over the settings: ${String(error)}`));
      }
    }),
    context.secrets.onDidChange(({ key }) => {
      if (server.state === "running") {
        sendKey(context.secrets, send, key).catch((error: unknown) => log.error(`handing over a key: ${String(error)}`));
      }
    }),
    logFiles,
    ...registerCommands(services),
  );
  setTimeout(() => void server.start()); // behind the activation
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

function connect({ store, log }: Services): void {
  store.connect().catch((error: unknown) => log.error(`listing the deployments: ${String(error)}`));
}

function serverChanged(state: ServerState, services: Services, status: Status): void {
  const { client, view, apps } = services;
  status.serverChanged(state);
  if (state === "running") {
    connect(services);
    void apps.update();
    return;
  }
  view.endProgress();
  if (state === "failed" && client.fault !== undefined) {
    const { message, remedy: advice } = client.fault;
    const choices = {
      "Select Interpreter": COMMANDS.selectInterpreter,
      "Try Again": COMMANDS.restartServer,
      "Show Log": COMMANDS.showServerLog,
    };
    const buttons = Object.keys(choices) as (keyof typeof choices)[];
    void offer("error", `${message} ${advice}`, buttons).then((chosen) => {
      const command = choices[chosen as (typeof buttons)[number]];
      return command && vscode.commands.executeCommand(command);
    });
  }
}
