/** What each row of the tree of deployments says. */
import { stripAnsi } from "../ansi";
import { modelCalls, modelOfStep, modelUse } from "../deploy/model";
import { suggestionTexts } from "../deploy/remedies";
import { clock, counted, duration, durationInWords, elapsed, joined, moment, oneLine, repositoryName } from "../format";
import { ICONS, type IconName } from "../icons";
import type {
  AppInfo,
  CheckResult,
  CommandRecord,
  CurrentCommand,
  DeploymentLog,
  Note,
  Question,
  Reason,
  RefusedCommand,
  StepResult,
} from "../protocol";
import { failedStep, planStep, stepIds } from "../state/log";
import { type Deployment, isControllable, isRetryable, isRunning, offers } from "../state/store";
import { type Action, codeBlock, escaped, type Row } from "./row";

const PLAIN = { description: "", tooltip: "", can: [], children: "none" } as const;
const TAIL = 2000;
/** Ends that the user chose are no faults. */
const CHOSEN: readonly Reason["kind"][] = ["cancelled_by_user", "aborted_by_user", "plan_rejected", "step_skipped"];
/** What took less is not worth a time. */
const SHOWN_MS = 50;
const ELSEWHERE = "started elsewhere";
/** The time stands behind the name, and should be seen in a narrow view. */
const NAME_WIDTH = 40;

/** The app's name: the repository's, and the sub-folder that is deployed. */
export function deploymentName(deployment: Deployment): string {
  const { log, summary } = deployment;
  return joined("/", log?.repo?.name ?? repositoryName(summary.repo), log?.repo?.source.subdir ?? summary.subdir);
}

/** "app 1 of 2": its place among the apps that are deployed one after the other. */
function placeInGroup({ summary: { subdir, subdirs = [] } }: Deployment): string {
  return subdirs.length > 1 ? `app ${subdirs.indexOf(subdir ?? "") + 1} of ${subdirs.length}` : "";
}

export function deployment(deployment: Deployment, now: number): Row {
  const { log, summary } = deployment;
  const name = deploymentName(deployment);
  const state = log?.cancelling ? "cancelling" : summary.status;
  const took = tookMs(deployment, now);
  const where = log && isRunning(deployment) ? progress(log) : "";
  const can: Action[] = isRunning(deployment) ? (isControllable(deployment) ? ["cancel"] : []) : ["again", "delete"];
  if (isRetryable(deployment) && (log === undefined || log.plan)) {
    can.push("retry");
  }
  if (log?.app && summary.status === "success") {
    can.push("open");
  }
  const failed = log ? failedStep(log) : undefined;
  const times = isRunning(deployment)
    ? [state === "cancelling" ? "cancelling" : where, elapsed(took), isElsewhere(deployment) && ELSEWHERE]
    : [endWords(summary.status, failed), took > 0 && duration(took), clock(moment(summary.startTime), now)];
  return {
    label: name,
    description: joined(" · ", placeInGroup(deployment), ...times, modelCalls(log)),
    icon: iconOf(state),
    tooltip: deploymentTooltip(deployment),
    spoken: joined(
      ", ",
      `Deployment of ${name}`,
      state,
      placeInGroup(deployment),
      where,
      isElsewhere(deployment) && ELSEWHERE,
      log?.pending_question && (isElsewhere(deployment) ? "waits for an answer there" : "waits for your answer"),
      failed && `at step ${failed.step_name}`,
      took > 0 && durationInWords(took),
      modelCalls(log),
    ),
    can: [...can, "log"],
    children: isRunning(deployment) ? "expanded" : "collapsed",
  };
}

function isElsewhere(deployment: Deployment): boolean {
  return isRunning(deployment) && !isControllable(deployment);
}

function whereControlled({ log }: Deployment): string {
  const by = log?.writer ? ` (process ${log.writer.pid} on ${log.writer.host})` : "";
  return `It was started in a terminal, or by another window that keeps it${by}: only there can it be cancelled and answered.`;
}

function progress(log: DeploymentLog): string {
  const steps = stepIds(log);
  const last = log.steps?.at(-1);
  if (log.pending_question) {
    return "question";
  }
  if (steps.length === 0) {
    return log.repo ? "planning" : "analysing";
  }
  return last ? `step ${steps.indexOf(last.step_id) + 1} of ${steps.length}` : "planned";
}

function endWords(status: string, failed: StepResult | undefined): string {
  return status === "success" ? "" : joined(" at ", status, failed?.step_name);
}

function tookMs({ summary, log }: Deployment, now: number): number {
  const started = moment(summary.startTime);
  if (summary.status === "running") {
    return now - started;
  }
  const measured = (log?.summary?.duration_seconds ?? 0) * 1000;
  return measured || Math.max(0, moment(summary.endTime) - started);
}

function deploymentTooltip(deployment: Deployment): string {
  const { log, summary } = deployment;
  const source = log?.repo?.source;
  const snapshot =
    source && joined(" ", source.ref, source.commit?.slice(0, 10), source.kind === "working_tree" && "(working tree)");
  const lines = [
    `**${escaped(summary.repo)}**`,
    snapshot && escaped(snapshot),
    `Target: ${escaped(summary.target)}`,
    (summary.subdirs ?? []).length > 1 && `Deployed in this order: ${escaped((summary.subdirs ?? []).join(", "))}`,
    log?.plan && `Plan: ${escaped(joined(", ", log.plan.strategy, ...(log.plan.components ?? [])))}`,
    log?.retry_of && `Continues ${escaped(log.retry_of)}`,
    log?.app && `App: ${escaped(log.app.url)}`,
    escaped(modelUse(log)),
    isElsewhere(deployment) && escaped(whereControlled(deployment)),
    log?.reason && reasonText(log.reason),
  ];
  return lines.filter(Boolean).join("\n\n");
}

export function step(deployment: Deployment, stepId: number, now: number): Row | undefined {
  const { log } = deployment;
  if (log === undefined) {
    return undefined;
  }
  const ids = stepIds(log);
  const attempts = (log.steps ?? []).filter((entry) => entry.step_id === stepId);
  const last = attempts.at(-1);
  const planned = planStep(log, stepId);
  const name = planned?.name ?? last?.step_name ?? `Step ${stepId}`;
  const running = isRunning(deployment);
  const ours = isControllable(deployment);
  const position = `step ${ids.indexOf(stepId) + 1} of ${ids.length}`;
  const can: Action[] = [];
  if (ours && (!last || last.status === "running")) {
    can.push("skip");
  }
  if (isRetryable(deployment) || asks(deployment, last, "retry")) {
    can.push("retryStep");
  }
  if (asks(deployment, last, "model")) {
    can.push("model");
  }
  if (log.config?.model && asks(deployment, last, "retry")) {
    can.push("hint");
  }
  if (!last) {
    const state = running ? "pending" : "notRun";
    const spoken = `${position}, ${name}, ${running ? "not started yet" : "not run"}`;
    const children = planned?.estimated_commands?.length ? "collapsed" : "none";
    return { ...PLAIN, label: name, icon: state, tooltip: goal(log, stepId), spoken, can, children };
  }
  const ended = attempt(last, log.cancelling ?? false, now);
  const nth = attempts.length > 1 ? `attempt ${attempts.length}` : "";
  return {
    ...ended,
    label: name,
    description: joined(" · ", nth, ended.description),
    tooltip: joined("\n\n", goal(log, stepId), escaped(repairedBy(log, last)), ended.tooltip),
    spoken: joined(", ", position, name, nth, stateInWords(last, now), repairedBy(log, last)),
    can,
    children: hasInside(last) ? ended.children : "none",
  };
}

/** The step failed, and the deployment waits to hear what now. */
function asks(deployment: Deployment, last: StepResult | undefined, option: string): boolean {
  return offers(deployment, option) && last !== undefined && last === deployment.log?.steps?.at(-1);
}

function repairedBy(log: DeploymentLog, { step_id, status }: StepResult): string {
  const model = modelOfStep(log, step_id);
  return model ? `${status === "success" ? "repaired by" : "asked"} ${model}` : "";
}

function goal(log: DeploymentLog, stepId: number): string {
  const planned = planStep(log, stepId);
  return joined("\n\n", planned?.goal && escaped(planned.goal), planned?.success_criteria && escaped(planned.success_criteria));
}

function hasInside(entry: StepResult): boolean {
  const inside = [entry.commands, entry.refused_commands, entry.checks];
  return entry.status === "running" || !!entry.reason || inside.some((rows) => rows?.length);
}

export function attempt(entry: StepResult, cancelling: boolean, now: number): Row {
  const status = entry.status ?? "running";
  const took = stepMs(entry, now);
  const words = entry.reused ? "taken over" : status === "success" || status === "running" ? "" : status;
  return {
    label: `Attempt ${entry.attempt ?? 1}`,
    description: joined(" · ", words, took >= SHOWN_MS && (status === "running" ? elapsed(took) : duration(took))),
    icon: cancelling && status === "running" ? "cancelling" : iconOf(status),
    tooltip: joined(
      "\n\n",
      entry.reason && reasonText(entry.reason),
      ...(entry.repairs ?? []).map((repair) => `Repair: ${escaped(repair.message)}`),
    ),
    spoken: `attempt ${entry.attempt ?? 1}, ${stateInWords(entry, now)}`,
    can: [],
    children: status === "running" || status === "failed" ? "expanded" : "collapsed",
  };
}

function stepMs(entry: StepResult, now: number): number {
  const started = moment(entry.started_at);
  return started === 0 ? 0 : (entry.status === "running" ? now : moment(entry.ended_at)) - started;
}

function stateInWords(entry: StepResult, now: number): string {
  const took = stepMs(entry, now);
  const state = entry.reused ? "taken over from the deployment before" : (entry.status ?? "running");
  const after = entry.status === "running" ? "for" : "after";
  return took >= SHOWN_MS ? `${state} ${after} ${durationInWords(took)}` : state;
}

export function command(record: CommandRecord | undefined): Row | undefined {
  if (record === undefined) {
    return undefined;
  }
  const took = record.duration_ms ?? 0;
  const end = endOf(record);
  return {
    ...titled(record, joined(" · ", end, duration(took))),
    icon: record.success ? "success" : record.stopped ? "cancelled" : "failed",
    tooltip: commandTooltip(record),
    spoken: `command ${oneLine(record.command)}, ${end || "succeeded"} after ${durationInWords(took)}`,
    can: record.output || record.stdout || record.stderr ? ["copy", "output"] : ["copy"],
    children: "none",
  };
}

/** What a command is for reads better than what it is. */
function commandTitle({ command, reasoning }: CommandRecord | CurrentCommand): string {
  return oneLine((reasoning ?? "").replace(/\.$/, "") || command, NAME_WIDTH);
}

function titled(told: CommandRecord | CurrentCommand, state: string): Pick<Row, "label" | "description"> {
  return { label: commandTitle(told), description: joined(" · ", state, told.reasoning && oneLine(told.command)) };
}

/** Why it is run, and whose idea that was where it was not a recipe's. */
function reasonFor({ reasoning, source }: CommandRecord | CurrentCommand | RefusedCommand): string {
  return joined(" ", source === "llm" && "From the model:", reasoning && escaped(reasoning));
}

function endOf(record: CommandRecord): string {
  if (record.timed_out) {
    return record.timed_out === "idle" ? "silent for too long" : "timed out";
  }
  if (record.stopped) {
    return "stopped";
  }
  return record.success ? "" : `exit ${record.exit_code}`;
}

function commandTooltip(record: CommandRecord): string {
  const tail = (text: string | undefined, end: string | undefined): string =>
    stripAnsi(end || text || "")
      .slice(-TAIL)
      .trim();
  const output = joined("\n", tail(record.stdout, record.stdout_tail), tail(record.stderr, record.stderr_tail));
  return joined(
    "\n\n",
    codeBlock(record.command),
    reasonFor(record),
    record.cwd && `In ${escaped(record.cwd)}`,
    record.waiting_for_input && `It waited for input at: ${escaped(record.waiting_for_input)}`,
    !!record.left_running?.length && `Left running: ${escaped(record.left_running.join(", "))}`,
    output && codeBlock(output),
  );
}

export function runningCommand(current: CurrentCommand | null | undefined, now: number): Row | undefined {
  if (!current) {
    return undefined;
  }
  const took = now - (moment(current.started_at) || now);
  return {
    ...titled(current, elapsed(took)),
    icon: "running",
    tooltip: joined("\n\n", codeBlock(current.command), reasonFor(current)),
    spoken: `command ${oneLine(current.command)}, running for ${durationInWords(took)}`,
    can: ["copy", "output"],
    children: "none",
  };
}

export function planned(text: string | undefined): Row | undefined {
  if (text === undefined) {
    return undefined;
  }
  const label = oneLine(text);
  return { ...PLAIN, label, icon: "pending", tooltip: codeBlock(text), spoken: `planned command ${label}` };
}

/** A command that did not run: the policy, or the user, said so. */
export function refused(command: RefusedCommand | undefined): Row | undefined {
  if (command === undefined) {
    return undefined;
  }
  const label = oneLine(command.command);
  const why = joined(": ", command.policy.rule, command.policy.reason);
  const tooltip = joined("\n\n", codeBlock(command.command), reasonFor(command), escaped(why));
  return { ...PLAIN, label, description: "not run", icon: "blocked", tooltip, spoken: `command ${label}, not run, ${why}` };
}

export function group(entry: StepResult, from: number, to: number): Row {
  const failed = (entry.commands ?? []).slice(from, to).filter((record) => !record.success).length;
  const label = `Commands ${from + 1} to ${to}`;
  const description = failed > 0 ? `${failed} failed` : "";
  return { ...PLAIN, label, description, icon: "commands", spoken: joined(", ", label, description), children: "collapsed" };
}

export function check(result: CheckResult | undefined): Row | undefined {
  if (result === undefined) {
    return undefined;
  }
  return {
    ...PLAIN,
    label: `Check: ${oneLine(result.description)}`,
    description: result.passed ? "" : oneLine(result.detail ?? "", 60),
    icon: result.passed ? "success" : "failed",
    tooltip: joined("\n\n", escaped(result.description), result.detail && codeBlock(result.detail)),
    spoken: `check ${oneLine(result.description)}, ${result.passed ? "passed" : "failed"}`,
  };
}

export function question(deployment: Deployment): Row | undefined {
  const asked: Question | null | undefined = deployment.log?.pending_question;
  if (!asked) {
    return undefined;
  }
  const label = oneLine(asked.message);
  const tooltip = joined("\n\n", escaped(asked.message), asked.detail && codeBlock(asked.detail));
  const row = { ...PLAIN, label, icon: "question", tooltip } as const;
  return isElsewhere(deployment)
    ? { ...row, description: "answer it where it was started", spoken: `question, to be answered where it was started: ${label}` }
    : { ...row, description: "answer…", spoken: `question: ${label}`, can: ["answer"] };
}

export function reason(why: Reason | null | undefined): Row | undefined {
  if (!why) {
    return undefined;
  }
  const label = oneLine(why.message);
  const more = (why.suggestions ?? []).length;
  return {
    ...PLAIN,
    label,
    icon: CHOSEN.includes(why.kind) ? "choice" : "reason",
    tooltip: reasonText(why),
    spoken: joined(", ", `reason: ${label}`, more > 0 && counted(more, "suggestion")),
  };
}

export function reasonText(why: Reason): string {
  return [codeBlock(why.message), ...suggestionTexts(why).map((suggestion) => `- ${escaped(suggestion)}`)].join("\n");
}

export function app(info: AppInfo | null | undefined): Row | undefined {
  return info
    ? { ...PLAIN, label: info.url, icon: "link", tooltip: "Open in the browser", spoken: `app at ${info.url}`, can: ["open"] }
    : undefined;
}

export function note(found: Note | undefined): Row | undefined {
  if (found === undefined) {
    return undefined;
  }
  const label = oneLine(found.message);
  return { ...PLAIN, label, icon: "note", tooltip: escaped(found.message), spoken: `note: ${label}` };
}

function iconOf(state: string): IconName {
  return state in ICONS ? (state as IconName) : "pending";
}
