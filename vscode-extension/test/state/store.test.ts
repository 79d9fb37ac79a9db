import { beforeEach, describe, expect, it } from "vitest";
import type { DeploymentSummary, Requests } from "../../src/protocol";
import { fold } from "../../src/state/reducer";
import { type Change, DeploymentStore, isRetryable, isRunning, type Send } from "../../src/state/store";
import { document, events } from "../journals";

/** A server that knows one deployment up to `at`, and notes what it is asked. */
class Server {
  asked: string[] = [];
  journal = true;
  constructor(
    readonly name: string,
    public at: number,
  ) {}

  readonly send = (async (method: keyof Requests, params: Record<string, unknown>) => {
    this.asked.push(method === "deploy/subscribe" ? `${method} ${params.afterSeq}` : method);
    const log = fold(events(this.name).slice(0, this.at));
    switch (method) {
      case "deploy/list":
        return { deployments: [this.row()] };
      case "deploy/get":
        return { log, lastSeq: this.at };
      default:
        return this.journal ? { lastSeq: this.at } : { lastSeq: this.at, resync: true, log };
    }
  }) as Send;

  row(): DeploymentSummary {
    const log = fold(events(this.name).slice(0, this.at));
    return {
      deploymentId: this.name,
      repo: log.repo_url ?? "",
      target: "local",
      status: log.status ?? "running",
      startTime: log.start_time ?? "",
      logUri: "file:///log.json",
    };
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe("the store", () => {
  let changes: Change[];
  let errors: string[];

  beforeEach(() => {
    changes = [];
    errors = [];
  });

  function storeOf(server: Server): DeploymentStore {
    const store = new DeploymentStore(server.send, (what) => errors.push(what));
    store.onDidChange((change) => changes.push(change));
    return store;
  }

  it("follows a deployment from its first event to its end", () => {
    const store = storeOf(new Server("success", 0));
    for (const event of events("success")) {
      store.apply(event);
    }
    expect(store.get("success")?.log).toEqual(document("success"));
    expect(store.get("success")?.logUri).toMatch(/^file:.*\.json$/);
    expect(store.running()).toEqual([]);
    expect(changes.filter(({ kind }) => kind === "event")).toHaveLength(events("success").length);
  });

  it("after a reload takes the document and what comes after it", async () => {
    const server = new Server("success", 20);
    const store = storeOf(server);
    await store.connect();
    expect(server.asked).toEqual(["deploy/list", "deploy/get", "deploy/subscribe 20"]);
    for (const event of events("success").slice(20)) {
      store.apply(event);
    }
    expect(store.get("success")?.log).toEqual(document("success"));
  });

  it("after a restart of the server goes on from where it was", async () => {
    const server = new Server("success", 20);
    const store = storeOf(server);
    for (const event of events("success").slice(0, 12)) {
      store.apply(event);
    }
    await store.connect();
    expect(server.asked).toEqual(["deploy/list", "deploy/subscribe 12"]);
    server.at = events("success").length;
    await store.connect();
    expect(server.asked.slice(2)).toEqual(["deploy/list", "deploy/subscribe 12"]);
    for (const event of events("success").slice(12)) {
      store.apply(event);
    }
    expect(store.get("success")?.log).toEqual(document("success"));
  });

  /** Connect while the list was made at `listed` events, and events up to `told` come before it arrives. */
  async function connectLate(have: number, listed: number, told: number, rows?: DeploymentSummary[]): Promise<DeploymentStore> {
    const server = new Server("success", listed);
    const answer = { deployments: rows ?? [server.row()] };
    let arrive: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const late = (async (method: keyof Requests, params: never) =>
      method === "deploy/list" ? arrived.then(() => answer) : server.send(method, params)) as Send;
    const store = new DeploymentStore(late, (what) => errors.push(what));
    const take = (from: number, to: number): void =>
      events("success")
        .slice(from, to)
        .forEach((event) => {
          store.apply(event);
        });
    take(0, have);
    const connected = store.connect();
    take(have, told);
    arrive();
    await connected;
    return store;
  }

  it("takes no older word of a list for one that ended while it was made", async () => {
    const end = events("success").length;
    for (const have of [0, 20]) {
      const store = await connectLate(have, 20, end);
      expect(store.get("success")?.summary.status).toBe("success");
      expect(store.get("success")?.log).toEqual(document("success"));
      expect(store.running()).toEqual([]);
    }
  });

  it("keeps one that started while the list was made, with the place of its log", async () => {
    const store = await connectLate(0, 1, 3, []);
    expect(store.get("success")?.logUri).toMatch(/^file:.*\.json$/);
    expect(store.get("success")?.log?.seq).toBe(3);
    expect((await connectLate(3, 1, 3, [])).get("success")).toBeUndefined();
  });

  it("does not bring back what was forgotten while the list was made", async () => {
    const server = new Server("failure", events("failure").length);
    const store = storeOf(server);
    await store.connect();
    const again = store.connect();
    store.forget("failure");
    await again;
    expect(store.all()).toEqual([]);
  });

  it("drops what it has, and asks once for what it missed", async () => {
    const server = new Server("success", 30);
    const store = storeOf(server);
    const journal = events("success");
    for (const event of [...journal.slice(0, 5), ...journal.slice(2, 5), ...journal.slice(9, 14)]) {
      store.apply(event);
    }
    await settled();
    expect(server.asked).toEqual(["deploy/subscribe 5"]);
    expect(store.get("success")?.log?.seq).toBe(5);
    for (const event of journal.slice(5)) {
      store.apply(event);
    }
    expect(store.get("success")?.log).toEqual(document("success"));
    expect(errors).toEqual([]);
  });

  it("takes the document where an event never comes, as one of a newer server", async () => {
    const server = new Server("success", 30);
    const store = storeOf(server);
    const journal = events("success");
    for (const batch of [journal.slice(0, 5), journal.slice(6, 8), journal.slice(6, 8)]) {
      batch.forEach((event) => {
        store.apply(event);
      });
      await settled();
    }
    expect(server.asked).toEqual(["deploy/subscribe 5", "deploy/get", "deploy/subscribe 30"]);
    expect(store.get("success")?.log?.seq).toBe(30);
  });

  it("takes the document where there is no journal", async () => {
    const server = new Server("success", 20);
    server.journal = false;
    const store = storeOf(server);
    for (const event of events("success").slice(0, 8)) {
      store.apply(event);
    }
    await store.connect();
    expect(store.get("success")?.log?.seq).toBe(20);
  });

  it("reads the log of an ended deployment once, when it is looked at", async () => {
    const server = new Server("failure", events("failure").length);
    const store = storeOf(server);
    await store.connect();
    expect(store.get("failure")?.log).toBeUndefined();
    await Promise.all([store.load("failure"), store.load("failure")]);
    await store.load("failure");
    expect(server.asked).toEqual(["deploy/list", "deploy/get"]);
    expect(store.get("failure")?.log).toEqual(document("failure"));
  });

  it("tells of a server that does not answer", async () => {
    const store = new DeploymentStore(
      () => Promise.reject(new Error("gone")),
      (what) => errors.push(what),
    );
    store.apply(events("success")[5] as never);
    await settled();
    expect(errors).toEqual(["following deployment success"]);
  });

  it("lists newest first, and forgets what was deleted", () => {
    const store = storeOf(new Server("success", 0));
    for (const name of ["success", "rejected", "failure"]) {
      events(name).forEach((event) => {
        store.apply(event);
      });
    }
    expect(store.all().map(({ id }) => id)).toEqual(["rejected", "failure", "success"]);
    expect(store.all().map(isRetryable)).toEqual([true, true, false]);
    store.forget("failure");
    expect(store.get("failure")).toBeUndefined();
    expect(store.all().some(isRunning)).toBe(false);
  });
});
