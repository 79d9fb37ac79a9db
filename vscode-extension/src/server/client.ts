/** The language client: starts the server, restarts it after a crash, and is the one way to talk to it. */
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import { SECTION } from "../ids";
import { PROTOCOL_VERSION, type Requests } from "../protocol";
import type { Send } from "../state/store";
import { ServerStartError } from "./errors";
import type { Handlers } from "./languageClient";

export type ServerState = "stopped" | "starting" | "running" | "restarting" | "failed";

/** Seconds to wait before the server is started again; after the last one it stays down. */
const BACK_OFF_S = [0, 1, 3, 10, 30];
/** A server that ran this long starts with the first of them again. */
const HEALTHY_MS = 120_000;
/** Longer than the longest of these waits, and the start behind it: who asks meanwhile is told something then. */
const PATIENCE_MS = 60_000;
/** Until the editor has noticed that the connection is gone. */
const NOTICED_MS = 5000;
/** What may be asked twice: it changes nothing, or carries an id by which the server knows it again. */
const REPEATABLE: readonly (keyof Requests)[] = [
  "deploy/analyze",
  "deploy/appLog",
  "deploy/apps",
  "deploy/cancel",
  "deploy/env",
  "deploy/get",
  "deploy/list",
  "deploy/output",
  "deploy/plan",
  "deploy/retry",
  "deploy/start",
  "deploy/subscribe",
];
/** Codes of vscode-jsonrpc for what was never answered: the connection ended, or was not there. */
const LOST = [1, 2, -32096, -32097, -32098, -32099];

/** The store of secrets may wait for somebody to unlock it; the server does not. */
const GREETING_MS = 3000;

export class ServerClient implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private current: ServerState = "starting"; // it is, as soon as the extension is there: who asks before waits
  private starts: Promise<void> = Promise.resolve();
  private crashes = 0;
  /** The server ended, and is started again when the wait is over. */
  private backingOff = false;
  private startedAt = 0;
  private readonly changes = new vscode.EventEmitter<ServerState>();
  readonly onDidChangeState = this.changes.event;
  /** Why it is not running, when it failed. */
  fault: ServerStartError | undefined;

  constructor(
    private readonly findPython: () => Promise<string>,
    private readonly handlers: Handlers,
    private readonly log: vscode.LogOutputChannel,
    private readonly version: string,
    /** What a server is told before anything else. */
    private readonly greet: (send: Send) => Promise<void>,
  ) {}

  get state(): ServerState {
    return this.current;
  }

  /** Start, or start again: one start after the other. Never rejects: the state tells. */
  start(): Promise<void> {
    this.starts = this.starts.then(() => this.startOnce());
    return this.starts;
  }

  private async startOnce(): Promise<void> {
    this.become("starting"); // before the old one stops: who asks now waits for the new one
    await this.end();
    this.crashes = 0;
    this.backingOff = false;
    try {
      const [python, { createLanguageClient }] = await Promise.all([this.findPython(), import("./languageClient")]);
      const client = createLanguageClient(
        python,
        this.handlers,
        { closed: () => this.closed(), running: () => this.isUp(), notStarted: () => this.notStarted() },
        this.log,
      );
      this.client = client;
      await client.start();
      this.compareVersions(client);
    } catch (error) {
      const fault =
        error instanceof ServerStartError ? error : new ServerStartError("crashed", `The server did not start: ${text(error)}`);
      await this.fail(fault);
    }
  }

  async stop(): Promise<void> {
    await this.end();
    this.become("stopped");
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.dispose().catch((error: unknown) => this.log.debug(`stopping the server: ${text(error)}`));
  }

  /**
   * Ask the server; one that is being started is waited for, and asked once more what its predecessor took to the grave.
   *
   * @throws Error with words for people where there is no server, or what it was asked must not be asked twice
   */
  async request<M extends keyof Requests>(method: M, params: Requests[M]["params"]): Promise<Requests[M]["result"]> {
    for (let again = false; ; again = true) {
      const client = await this.ready();
      try {
        return await this.answered(client, client.sendRequest<Requests[M]["result"]>(method, params));
      } catch (error) {
        if (!isLost(error)) {
          throw error;
        }
        if (again || !REPEATABLE.includes(method)) {
          throw new Error("The Auto-Deployer server ended before it answered. Look whether it was done, and try once more.");
        }
        await this.until(() => this.client !== client || this.current !== "running", NOTICED_MS);
      }
    }
  }

  /** The answer; lost once the server that was asked is no longer the one that runs. */
  private answered<T>(client: LanguageClient, answer: Promise<T>): Promise<T> {
    const isGone = (): boolean => this.client !== client || this.current !== "running";
    let dispose: () => void = () => undefined;
    const gone = new Promise<never>((_, reject) => {
      if (isGone()) {
        reject(new LostError()); // it ended just now
      }
      const subscription = this.onDidChangeState(() => isGone() && reject(new LostError()));
      dispose = () => subscription.dispose();
    });
    return Promise.race([answer, gone]).finally(dispose);
  }

  private async ready(): Promise<LanguageClient> {
    const isStarting = (): boolean => this.current === "starting" || this.current === "restarting";
    for (const end = Date.now() + PATIENCE_MS; isStarting(); ) {
      if (Date.now() >= end) {
        throw new Error("The Auto-Deployer server is still starting. Try again when it runs.");
      }
      await this.until(() => !isStarting(), end - Date.now()); // it may have ended again before we go on
    }
    if (this.client === undefined || this.current !== "running") {
      throw new Error(this.fault ? `${this.fault.message} ${this.fault.remedy}` : "The Auto-Deployer server is not running.");
    }
    return this.client;
  }

  /** The folder of its logs, as the server says. */
  get logDir(): string | undefined {
    return told(this.client)?.logDir;
  }

  /** Tell the server that what the user set has changed; one that is not there is told when it starts. */
  async configure(): Promise<void> {
    if (this.current === "running") {
      await this.client?.sendNotification("workspace/didChangeConfiguration", {
        settings: { [SECTION]: this.handlers.settings() },
      });
    }
  }

  /** Wait for a state, but not for ever. */
  private until(isSo: () => boolean, longest: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        subscription.dispose();
        resolve();
      };
      const timer = setTimeout(done, longest);
      const subscription = this.onDidChangeState(() => isSo() && done());
      if (isSo()) {
        done();
      }
    });
  }

  dispose(): void {
    this.changes.dispose();
    void this.stop();
  }

  /** The server ended by itself: whether it is to be started again, after a while. */
  private async closed(): Promise<boolean> {
    const client = this.client;
    if (client === undefined) {
      return false;
    }
    if (Date.now() - this.startedAt > HEALTHY_MS) {
      this.crashes = 0;
    }
    const wait = BACK_OFF_S[this.crashes];
    this.crashes += 1;
    if (wait === undefined || this.current === "starting") {
      void this.fail(endedAgain());
      return false;
    }
    this.become("restarting");
    this.log.warn(`The server ended unexpectedly; it is started again in ${wait} s.`);
    this.backingOff = true;
    await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    if (this.client !== client) {
      return false; // stopped, or started anew, in the meantime
    }
    this.backingOff = false;
    return true;
  }

  /** A start that is the first rejects; one after a crash has nobody else to tell. */
  private notStarted(): void {
    if (this.current === "restarting" && !this.backingOff) {
      void this.fail(endedAgain());
    }
  }

  private async isUp(): Promise<void> {
    const client = this.client;
    this.startedAt = Date.now();
    const greeting = this.greet((method, params) => client?.sendRequest(method, params) ?? Promise.reject(new Error("stopped")));
    const logged = greeting.catch((error: unknown) => this.log.error(`handing over the keys: ${text(error)}`));
    await Promise.race([logged, new Promise((resolve) => setTimeout(resolve, GREETING_MS))]);
    if (client !== undefined && this.client === client && client.isRunning()) {
      this.become("running");
    }
  }

  private compareVersions(client: LanguageClient): void {
    const ours = told(client);
    const server = client.initializeResult?.serverInfo?.version ?? "?";
    this.log.info(`Server ${server}, client ${this.version}, protocol ${ours?.protocolVersion ?? "?"}`);
    if (process.platform === "win32") {
      this.log.info("On Windows a deployment ends with this window; in WSL it goes on.");
    }
    if (ours?.protocolVersion !== PROTOCOL_VERSION) {
      const message = `The server speaks version ${ours?.protocolVersion ?? "?"} of the protocol, this extension ${PROTOCOL_VERSION}.`;
      throw new ServerStartError("protocol", message);
    }
    if (server !== this.version) {
      this.log.warn(`The Python in use has version ${server} of the server; this extension brings ${this.version}.`);
    }
  }

  private async fail(fault: ServerStartError): Promise<void> {
    this.log.error(`${fault.message} ${fault.remedy}`);
    this.fault = fault; // before it stops: who waits is told
    await this.end();
    this.become("failed");
  }

  private become(state: ServerState): void {
    if (state === "running" || state === "starting") {
      this.fault = undefined;
    }
    if (state !== this.current) {
      this.current = state;
      this.changes.fire(state);
    }
  }
}

/** What the server says of itself when it starts. */
function told(client: LanguageClient | undefined): { protocolVersion?: number; logDir?: string } | undefined {
  type Experimental = { autoDeployer?: { protocolVersion?: number; logDir?: string } } | undefined;
  return (client?.initializeResult?.capabilities.experimental as Experimental)?.autoDeployer;
}

class LostError extends Error {}

function isLost(error: unknown): boolean {
  return error instanceof LostError || LOST.includes((error as { code?: unknown } | undefined)?.code as number);
}

function endedAgain(): ServerStartError {
  return new ServerStartError("crashed", "The Auto-Deployer server ended again and again.");
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
