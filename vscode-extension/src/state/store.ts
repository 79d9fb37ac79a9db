/** All deployments this window knows, each as its log document. Everything that shows something only reads from here. */
import type { DeploymentLog, DeploymentSummary, OutputChunk, Requests } from "../protocol";
import { fromFile } from "./log";
import { apply, begin, type DeploymentEvent } from "./reducer";

export type Send = <M extends keyof Requests>(method: M, params: Requests[M]["params"]) => Promise<Requests[M]["result"]>;

export interface Deployment {
  readonly id: string;
  readonly logUri: string;
  /** Known at once for what runs; for what has ended, from the first `load` on. */
  readonly log?: DeploymentLog;
  readonly summary: DeploymentSummary;
}

/** What happened to the store: an event of one deployment, output of one, one loaded anew, or the list as a whole. */
export type Change =
  | { kind: "event"; deployment: Deployment; event: DeploymentEvent }
  | { kind: "output"; deployment: Deployment; chunk: OutputChunk }
  | { kind: "loaded"; deployment: Deployment }
  | { kind: "list" };

type Listener = (change: Change) => void;

const LISTED = 200;

export class DeploymentStore {
  private readonly deployments = new Map<string, Deployment>();
  private readonly listeners = new Set<Listener>();
  /** Deployments whose events are being asked for again: one request at a time for each. */
  private readonly catchingUp = new Map<string, Promise<void>>();
  /** After which event of a deployment something was missing. */
  private readonly gaps = new Map<string, number>();
  private readonly loading = new Map<string, Promise<void>>();

  constructor(
    private readonly send: Send,
    private readonly onError: (what: string, error: unknown) => void,
  ) {}

  onDidChange(listener: Listener): { dispose(): void } {
    this.listeners.add(listener);
    return { dispose: () => this.listeners.delete(listener) };
  }

  /** Newest first. */
  all(): Deployment[] {
    return [...this.deployments.values()].sort((a, b) => (a.summary.startTime < b.summary.startTime ? 1 : -1));
  }

  get(id: string): Deployment | undefined {
    return this.deployments.get(id);
  }

  running(): Deployment[] {
    return this.all().filter(isRunning);
  }

  /** A server is there (again): list what it knows and follow what runs, from where we are. */
  async connect(): Promise<void> {
    const before = new Map(this.deployments);
    const { deployments } = await this.send("deploy/list", { limit: LISTED });
    const listed = new Set(deployments.map((row) => row.deploymentId));
    for (const id of before.keys()) {
      if (!listed.has(id)) {
        this.deployments.delete(id); // one that began after the request stays
      }
    }
    const rows = deployments.filter(({ deploymentId: id }) => this.deployments.has(id) || !before.has(id)); // not: forgotten since
    for (const row of rows) {
      this.take(row, before.get(row.deploymentId));
    }
    this.emit({ kind: "list" });
    const followed = rows.map((row) => row.deploymentId).filter((id) => this.isFollowed(id));
    await Promise.all(followed.map((id) => this.catchUp(id)));
  }

  /** Take a row of the list, which may be older than what the events have told since it was asked for. */
  private take(row: DeploymentSummary, before: Deployment | undefined): void {
    const { deploymentId: id, logUri } = row;
    const log = this.deployments.get(id)?.log;
    if (log !== undefined && (log !== before?.log || log.status !== "running")) {
      this.keep(id, log, logUri, row.controllable);
    } else {
      this.deployments.set(id, { id, logUri, log, summary: row });
    }
  }

  /** The log document of an ended deployment, read when somebody looks at it. */
  load(id: string): Promise<void> {
    const deployment = this.deployments.get(id);
    if (deployment === undefined || deployment.log !== undefined) {
      return Promise.resolve();
    }
    return once(this.loading, id, () => this.replace(id));
  }

  /** Take an event. One we have is dropped; behind a gap everything that was missed is asked for again. */
  apply(event: DeploymentEvent): void {
    const { deploymentId: id, seq } = event.params;
    const known = this.deployments.get(id);
    if (event.method === "deploy/started" && known?.log === undefined) {
      this.keep(id, begin(event), event.params.logUri);
      this.emit({ kind: "list" });
      this.emitEvent(id, event);
      return;
    }
    const at = known?.log?.seq ?? 0;
    if (known?.log !== undefined && seq <= at) {
      return;
    }
    if (known?.log === undefined || seq > at + 1) {
      void this.catchUpFrom(id, at).catch((error: unknown) => this.onError(`following deployment ${id}`, error));
      return;
    }
    const told = "logUri" in event.params ? event.params.logUri : undefined;
    this.keep(id, apply(known.log, event), known.logUri || (told ?? ""));
    this.emitEvent(id, event);
  }

  output(chunk: OutputChunk): void {
    const deployment = this.deployments.get(chunk.deploymentId);
    if (deployment !== undefined) {
      this.emit({ kind: "output", deployment, chunk });
    }
  }

  /** Forget a deployment whose log was removed. */
  forget(id: string): void {
    this.deployments.delete(id);
    this.emit({ kind: "list" });
  }

  /** It runs, or ran when we last heard of it. */
  private isFollowed(id: string): boolean {
    const known = this.deployments.get(id);
    return known?.summary.status === "running" || known?.log?.status === "running";
  }

  /** The same gap once more: it is an event that we do not know. The document has what it meant. */
  private catchUpFrom(id: string, at: number): Promise<void> {
    const again = this.gaps.get(id) === at && !this.catchingUp.has(id);
    this.gaps.set(id, at);
    return this.catchUp(id, again);
  }

  private catchUp(id: string, anew = false): Promise<void> {
    return once(this.catchingUp, id, async () => {
      if (anew || this.deployments.get(id)?.log === undefined) {
        await this.replace(id);
      }
      const afterSeq = this.deployments.get(id)?.log?.seq ?? 0;
      const { resync, log } = await this.send("deploy/subscribe", { deploymentId: id, afterSeq });
      if (resync && log) {
        this.keepLoaded(id, fromFile(log));
      }
    });
  }

  private async replace(id: string): Promise<void> {
    const { log } = await this.send("deploy/get", { deploymentId: id });
    this.keepLoaded(id, fromFile(log));
  }

  private keepLoaded(id: string, log: DeploymentLog): void {
    this.keep(id, log, this.deployments.get(id)?.logUri ?? "");
    const deployment = this.deployments.get(id);
    if (deployment !== undefined) {
      this.emit({ kind: "loaded", deployment });
    }
  }

  /** Without a word on `controllable` it is as it was; of what begins before our eyes it is so. */
  private keep(
    id: string,
    log: DeploymentLog,
    logUri: string,
    controllable = this.deployments.get(id)?.summary.controllable,
  ): void {
    const { subdir, subdirs } = (log.request ?? {}) as Pick<DeploymentSummary, "subdir" | "subdirs">;
    const summary: DeploymentSummary = {
      deploymentId: id,
      repo: log.repo_url ?? "",
      target: log.target ?? "local",
      status: log.status ?? "running",
      startTime: log.start_time ?? "",
      endTime: log.end_time ?? null,
      logUri,
      subdir,
      subdirs,
      controllable,
    };
    this.deployments.set(id, { id, log, logUri, summary });
  }

  private emitEvent(id: string, event: DeploymentEvent): void {
    const deployment = this.deployments.get(id);
    if (deployment !== undefined) {
      this.emit({ kind: "event", deployment, event });
    }
  }

  private emit(change: Change): void {
    for (const listener of this.listeners) {
      listener(change);
    }
  }
}

export function isRunning(deployment: Deployment): boolean {
  return deployment.summary.status === "running";
}

/** It can be cancelled, and its questions answered, from here: not one that a terminal, or another window's server, keeps to itself. */
export function isControllable(deployment: Deployment): boolean {
  return isRunning(deployment) && deployment.summary.controllable !== false;
}

/** It waits for an answer that we may give, and this is one. */
export function offers(deployment: Deployment, option: string): boolean {
  const options = deployment.log?.pending_question?.options ?? [];
  return isControllable(deployment) && options.some(({ id }) => id === option);
}

/** Ended otherwise than well: `deploy/retry` continues it. */
export function isRetryable(deployment: Deployment): boolean {
  return !["running", "success"].includes(deployment.summary.status);
}

function once(pending: Map<string, Promise<void>>, key: string, start: () => Promise<void>): Promise<void> {
  const running = pending.get(key);
  if (running !== undefined) {
    return running;
  }
  const promise = start().finally(() => pending.delete(key));
  pending.set(key, promise);
  return promise;
}
