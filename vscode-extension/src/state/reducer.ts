/**
 * The log document as a pure fold over events: the mirror of the server's `model/fold.py`, same fields, same names.
 * Nothing is changed in place; what an event does not touch keeps its identity.
 */
import type { DeploymentLog, EVENT_METHODS, ExecutionSummary, Notifications, StepResult, UserInteraction } from "../protocol";

export interface Envelope {
  deploymentId: string;
  seq: number;
  time: string;
  stepId?: number | null;
}

export type EventMethod = (typeof EVENT_METHODS)[number];
export type DeploymentEvent = { [M in EventMethod]: { method: M; params: Notifications[M] & Envelope } }[EventMethod];
type EventOf<M extends EventMethod> = Extract<DeploymentEvent, { method: M }>["params"];
type Changes = Partial<DeploymentLog>;

/** The document after these events; throws where `apply` does. */
export function fold(events: Iterable<DeploymentEvent>): DeploymentLog {
  let log: DeploymentLog | undefined;
  for (const event of events) {
    log = log === undefined ? begin(event) : apply(log, event);
  }
  if (log === undefined) {
    throw new Error("no events: a deployment begins with deploy/started");
  }
  return log;
}

/** The document that `deploy/started` brings; throws for another event. */
export function begin(event: DeploymentEvent): DeploymentLog {
  if (event.method !== "deploy/started") {
    throw new Error(`a deployment begins with deploy/started, not ${event.method}`);
  }
  return { ...event.params.log, seq: event.params.seq };
}

/** The document after one more event; throws when its `seq` is not the next one. */
export function apply(log: DeploymentLog, event: DeploymentEvent): DeploymentLog {
  const { seq } = event.params;
  if (seq !== (log.seq ?? 0) + 1) {
    throw new Error(`event ${seq} (${event.method}) does not follow ${log.seq}`);
  }
  return { ...log, ...changes(log, event), seq };
}

function changes(log: DeploymentLog, event: DeploymentEvent): Changes {
  switch (event.method) {
    case "deploy/analysisReady": {
      const { repo, host } = event.params;
      return {
        repo,
        host_info: host as unknown as Record<string, unknown>,
        project_type: repo.project_type ?? null,
        framework: repo.framework || null,
      };
    }
    case "deploy/planReady":
    case "deploy/planChanged": {
      const { plan, time } = event.params;
      return { plan, execution_summary: executionSummary(log, time, { strategy: plan.strategy }) };
    }
    case "deploy/stepStarted":
      return { steps: [...(log.steps ?? []), event.params.step] };
    case "deploy/stepFinished":
      return stepFinished(log, event.params);
    case "deploy/commandStarted":
      return inStep(log, () => ({ current_command: event.params.command }));
    case "deploy/commandExecuted":
      return commandExecuted(log, event.params);
    case "deploy/commandRefused":
      return inside(log, (step) => ({ refused_commands: [...(step.refused_commands ?? []), event.params.command] }));
    case "deploy/checkFinished":
      return inside(log, (step) => ({ checks: [...(step.checks ?? []), event.params.check] }));
    case "deploy/repairApplied":
      return inside(log, (step) => ({ repairs: [...(step.repairs ?? []), event.params.reason] }));
    case "deploy/questionAsked":
      return { pending_question: event.params.question };
    case "deploy/questionResolved":
      return questionResolved(log, event.params);
    case "deploy/modelCalled":
      return { llm_calls: [...(log.llm_calls ?? []), event.params.call] };
    case "deploy/historyCompressed":
      return historyCompressed(log, event.params);
    case "deploy/cancelling":
      return { cancelling: true };
    case "deploy/note": {
      const { kind, message, time, stepId } = event.params;
      return { notes: [...(log.notes ?? []), { kind, message, at: time, step_id: stepId ?? null }] };
    }
    case "deploy/finished":
      return finished(log, event.params);
    case "deploy/started":
      throw new Error("a deployment starts once");
    default:
      return {}; // of a newer server: it counts, and means nothing to us
  }
}

/** Changes the last step entry (the one that runs). */
function inStep(log: DeploymentLog, update: (step: StepResult) => Partial<StepResult>): Changes {
  const steps = log.steps ?? [];
  const last = steps.at(-1);
  if (last === undefined) {
    throw new Error("no step has started");
  }
  return { steps: [...steps.slice(0, -1), { ...last, ...update(last) }] };
}

/** The same for what can also happen before the first step, and then is nobody's. */
function inside(log: DeploymentLog, update: (step: StepResult) => Partial<StepResult>): Changes {
  return log.steps?.length ? inStep(log, update) : {};
}

function commandExecuted(log: DeploymentLog, { command }: EventOf<"deploy/commandExecuted">): Changes {
  const summary = log.summary ?? {};
  return {
    ...inStep(log, (step) => ({
      commands: [...(step.commands ?? []), command],
      iterations: (step.iterations ?? 0) + 1,
      current_command: null,
    })),
    summary: { ...summary, total_commands: (summary.total_commands ?? 0) + 1 },
  };
}

function stepFinished(log: DeploymentLog, { step: ended, time }: EventOf<"deploy/stepFinished">): Changes {
  const before = log.steps ?? [];
  const last = before.at(-1);
  const isLast = last !== undefined && last.step_id === ended.step_id && last.attempt === ended.attempt;
  const steps = isLast ? [...before.slice(0, -1), merged(last, ended)] : [...before, ended];
  if (ended.status !== "success") {
    return { steps };
  }
  const successful = new Set(steps.filter((step) => step.status === "success").map((step) => step.step_id));
  const action = { step: ended.step_name, summary: ended.structured_outputs?.summary ?? "" };
  const done = [...(log.execution_summary?.completed_actions ?? []), action];
  return {
    steps,
    summary: { ...log.summary, successful_steps: successful.size },
    execution_summary: executionSummary(log, time, { completed_actions: done }),
  };
}

/** What `deploy/stepFinished` does not replace: the events before it brought that. */
const KEPT: readonly (keyof StepResult)[] = [
  "step_id",
  "step_name",
  "category",
  "attempt",
  "reused",
  "started_at",
  "commands",
  "checks",
  "repairs",
  "refused_commands",
  "user_interactions",
  "iterations",
  "compressed",
  "compressed_history",
  "compression_events",
];

function merged(last: StepResult, ended: StepResult): StepResult {
  const kept = Object.fromEntries(KEPT.map((field) => [field, last[field]]));
  return { ...ended, ...kept, current_command: null };
}

function historyCompressed(log: DeploymentLog, { compression, text }: EventOf<"deploy/historyCompressed">): Changes {
  return inside(log, (step) => ({
    compressed: true,
    compressed_history: text,
    compression_events: [...(step.compression_events ?? []), compression],
  }));
}

function questionResolved(log: DeploymentLog, event: EventOf<"deploy/questionResolved">): Changes {
  const asked = log.pending_question;
  const entry: UserInteraction = {
    question: asked?.questionId === event.questionId ? asked.message : event.questionId,
    response: event.response,
    question_id: event.questionId,
    at: event.time,
  };
  if (event.stepId != null && log.steps?.length) {
    const answered = inStep(log, (step) => ({ user_interactions: [...(step.user_interactions ?? []), entry] }));
    return { pending_question: null, ...answered };
  }
  return { pending_question: null, user_interactions: [...(log.user_interactions ?? []), entry] };
}

function finished(log: DeploymentLog, event: EventOf<"deploy/finished">): Changes {
  const resolved = (log.steps ?? [])
    .filter((step) => step.status === "success")
    .flatMap((step) => (step.repairs ?? []).map((repair) => ({ issue: repair.message, resolution: step.step_name })));
  return {
    status: event.outcome,
    reason: event.reason ?? null,
    app: event.app ?? null,
    summary: event.summary ?? {},
    end_time: naiveLocal(event.time),
    pending_question: null,
    cancelling: false,
    execution_summary: executionSummary(log, event.time, { resolved_issues: resolved }),
  };
}

function executionSummary(log: DeploymentLog, time: string, update: Partial<ExecutionSummary>): ExecutionSummary {
  const base = log.execution_summary ?? {
    project_name: log.repo?.name ?? "",
    deploy_dir: log.deploy_dir ?? "",
    strategy: "",
    environment: {},
    completed_actions: [],
    configurations: {},
    resolved_issues: [],
    last_updated: "",
  };
  return { ...base, ...update, last_updated: naiveLocal(time) };
}

/** An ISO time with offset as format 2.0 writes times: naive local, with microseconds. */
export function naiveLocal(utc: string): string {
  if (utc === "") {
    return "";
  }
  const moment = new Date(utc);
  const two = (value: number): string => String(value).padStart(2, "0");
  const date = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  const time = `${two(moment.getHours())}:${two(moment.getMinutes())}:${two(moment.getSeconds())}`;
  const fraction = /\.(\d+)/.exec(utc)?.[1] ?? ""; // Date knows milliseconds only
  return `${date}T${time}.${fraction.padEnd(6, "0").slice(0, 6)}`;
}
