import { describe, expect, it } from "vitest";
import { type DeploymentPlan, EVENT_METHODS } from "../../src/protocol";
import { apply, begin, type DeploymentEvent, fold, naiveLocal } from "../../src/state/reducer";
import { document, events, NAMES } from "../journals";

describe("the fold", () => {
  it.each(NAMES)("makes of the journal %s what the server's makes of it", (name) => {
    expect(fold(events(name))).toEqual(document(name));
  });

  it("changes nothing in place", () => {
    let log = begin(events("failure")[0] as DeploymentEvent);
    for (const event of events("failure").slice(1)) {
      const before = structuredClone(log);
      const after = apply(log, event);
      expect(log).toEqual(before);
      log = after;
    }
  });

  it("refuses a gap, a repetition and another beginning", () => {
    const [first, second, third] = events("success") as [DeploymentEvent, DeploymentEvent, DeploymentEvent];
    expect(() => apply(begin(first), third)).toThrow("does not follow");
    expect(() => fold([first, second, second])).toThrow("does not follow");
    expect(() => begin(second)).toThrow("begins with deploy/started");
    expect(() => fold([])).toThrow("no events");
  });

  it("keeps repairs, notes and changed plans, as the server does", () => {
    const journal = events("success");
    const at = journal.findIndex(({ method }) => method === "deploy/stepStarted") + 1;
    const log = fold(journal.slice(0, at));
    const envelope = { deploymentId: "success", time: "2026-11-24T08:00:00.000001+00:00", stepId: 1 };
    const reason = { kind: "port_in_use" as const, message: "port 8000 is taken", suggestions: [] };
    const repaired = apply(log, { method: "deploy/repairApplied", params: { ...envelope, seq: at + 1, reason } });
    expect(repaired.steps?.at(-1)?.repairs).toEqual([reason]);
    const noted = apply(repaired, {
      method: "deploy/note",
      params: { ...envelope, seq: at + 2, kind: "slow", message: "cloning" },
    });
    expect(noted.notes?.at(-1)).toEqual({ kind: "slow", message: "cloning", at: envelope.time, step_id: 1 });
    const plan: DeploymentPlan = { ...log.plan, strategy: "docker", steps: [] };
    const changed = apply(noted, { method: "deploy/planChanged", params: { ...envelope, seq: at + 3, plan } });
    expect([changed.plan, changed.execution_summary?.strategy]).toEqual([plan, "docker"]);
    expect(changed.execution_summary?.last_updated).toBe("2026-11-24T08:00:00.000001");
  });

  it("keeps what a model did, and what was refused", () => {
    const journal = events("success");
    const at = journal.findIndex(({ method }) => method === "deploy/stepStarted") + 1;
    const log = fold(journal.slice(0, at));
    const params = (seq: number): object => ({
      deploymentId: "success",
      time: "2026-11-24T08:00:00+00:00",
      stepId: 1,
      seq: at + seq,
    });
    const given = [
      { method: "deploy/commandRefused", params: { ...params(1), command: { command: "rm -rf /" } } },
      { method: "deploy/modelCalled", params: { ...params(2), call: { model: "m" } } },
      { method: "deploy/historyCompressed", params: { ...params(3), compression: { iteration: 2 }, text: "shorter" } },
      { method: "deploy/laterInvention", params: params(4) },
    ] as unknown as DeploymentEvent[];
    const after = given.reduce(apply, log);
    expect(after.seq).toBe(at + 4);
    expect(after.llm_calls).toEqual([{ model: "m" }]);
    expect(after.steps?.at(-1)).toMatchObject({
      refused_commands: [{ command: "rm -rf /" }],
      compressed: true,
      compressed_history: "shorter",
      compression_events: [{ iteration: 2 }],
    });
  });

  it("knows every event", () => {
    const recorded = new Set(NAMES.flatMap((name) => events(name).map(({ method }) => method)));
    const byHand = ["deploy/planChanged", "deploy/note", "deploy/historyCompressed"];
    expect([...recorded, ...byHand].sort()).toEqual([...EVENT_METHODS].sort());
  });
});

it("writes local times with the microseconds of the event", () => {
  expect(naiveLocal("2026-11-24T08:00:01.5+00:00")).toBe("2026-11-24T08:00:01.500000");
  expect(naiveLocal("2026-11-24T08:00:01+02:00")).toBe("2026-11-24T06:00:01.000000");
  expect(naiveLocal("")).toBe("");
});
