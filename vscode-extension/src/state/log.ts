/** Questions put to a log document. */
import type { DeploymentLog, DeploymentStep, StepResult } from "../protocol";

/** Steps of the plan, and any the log has beyond it (old logs). */
export function stepIds(log: DeploymentLog): number[] {
  const planned = (log.plan?.steps ?? []).map((step) => step.id);
  return [...new Set([...planned, ...(log.steps ?? []).map((step) => step.step_id)])];
}

export function planStep(log: DeploymentLog, stepId: number): DeploymentStep | undefined {
  return log.plan?.steps.find((step) => step.id === stepId);
}

/** The step a deployment ended at. */
export function failedStep(log: DeploymentLog): StepResult | undefined {
  const last = log.steps?.findLast((step) => !["success", "skipped", "blocked"].includes(step.status ?? ""));
  return log.status === "running" || log.status === "success" ? undefined : last;
}
