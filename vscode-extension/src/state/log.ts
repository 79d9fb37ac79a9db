/** Questions put to a log document. */
import type { CommandRecord, CurrentCommand, DeploymentLog, DeploymentStep, Question, StepResult } from "../protocol";

/** A document as the server's file has it: its one part that is also an event's field has the names of the file there. */
export function fromFile(document: Record<string, unknown>): DeploymentLog {
  const log = document as unknown as DeploymentLog;
  const { question_id, allow_custom, timeout_ms, ...question } = (document.pending_question ?? {}) as Record<string, unknown>;
  const asked = { ...question, questionId: question_id, allowCustom: allow_custom, timeoutMs: timeout_ms };
  return question_id === undefined ? log : { ...log, pending_question: asked as unknown as Question };
}

/** Steps of the plan, and any the log has beyond it (old logs). */
export function stepIds(log: DeploymentLog): number[] {
  const planned = (log.plan?.steps ?? []).map((step) => step.id);
  return [...new Set([...planned, ...(log.steps ?? []).map((step) => step.step_id)])];
}

export function planStep(log: DeploymentLog | undefined, stepId: number): DeploymentStep | undefined {
  return log?.plan?.steps.find((step) => step.id === stepId);
}

/** The step a deployment ended at. */
export function failedStep(log: DeploymentLog): StepResult | undefined {
  const last = log.steps?.findLast((step) => !["success", "skipped", "blocked"].includes(step.status ?? ""));
  return log.status === "running" || log.status === "success" ? undefined : last;
}

/** What names a command in its log: its id, or in logs that give none its place. */
export function commandKey({ steps = [] }: DeploymentLog, told: CommandRecord | CurrentCommand): string {
  if (told.id) {
    return told.id;
  }
  const entry = steps.findIndex(({ commands }) => commands?.includes(told as CommandRecord));
  return `${entry}.${steps[entry]?.commands?.indexOf(told as CommandRecord)}`;
}

export function commandBy(log: DeploymentLog | undefined, key: string): CommandRecord | CurrentCommand | undefined {
  const all = (log?.steps ?? []).flatMap((step) => [
    ...(step.commands ?? []),
    ...(step.current_command ? [step.current_command] : []),
  ]);
  return all.find((told) => log && commandKey(log, told) === key);
}

export function hasEnded(told: CommandRecord | CurrentCommand): told is CommandRecord {
  return "exit_code" in told;
}
