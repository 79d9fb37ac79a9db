/** The tree of deployments: deployment → step → attempt → command. Which rows there are; `rows.ts` says what they show. */
import type { CommandRecord, CurrentCommand, DeploymentLog, StepResult } from "../protocol";
import { planStep, stepIds } from "../state/log";
import type { Deployment } from "../state/store";
import type { Row } from "./row";
import * as rows from "./rows";

/** A place in the tree. The same `id` is always the same object, as VS Code wants it. */
export interface Node {
  readonly id: string;
  readonly deploymentId: string;
  readonly place: Place;
}

export type Place =
  | { kind: "deployment" | "question" | "reason" | "app" }
  | { kind: "note"; index: number }
  | { kind: "step"; stepId: number }
  | { kind: "attempt" | "stepReason"; stepId: number; entry: number }
  | { kind: "group"; stepId: number; entry: number; from: number }
  | { kind: "command" | "check"; stepId: number; entry: number; index: number }
  | { kind: "current"; stepId: number; entry: number; commandId: string }
  | { kind: "planned"; stepId: number; index: number };

/** More commands than this in one attempt are shown in groups of `GROUP`, so that a refresh stays cheap. */
const UNGROUPED = 200;
export const GROUP = 100;

export class DeploymentTree {
  private readonly nodes = new Map<string, Node>();

  constructor(
    private readonly find: (id: string) => Deployment | undefined,
    private readonly now: () => number = Date.now,
  ) {}

  roots(deployments: readonly Deployment[]): Node[] {
    return deployments.map((deployment) => this.deployment(deployment.id));
  }

  deployment(id: string): Node {
    return this.node(id, `d/${id}`, { kind: "deployment" });
  }

  step(deployment: Deployment, stepId: number): Node {
    const last = deployment.log?.steps?.[entriesOf(deployment.log, stepId).at(-1) ?? -1];
    // Only a new id opens or closes a row by itself: it opens when the step starts, and closes when it has succeeded.
    const phase = last === undefined ? "/pending" : last.status === "success" ? "/done" : "";
    return this.node(deployment.id, `d/${deployment.id}/s/${stepId}${phase}`, { kind: "step", stepId });
  }

  parent(node: Node): Node | undefined {
    const { place, deploymentId } = node;
    const deployment = this.find(deploymentId);
    if (place.kind === "deployment" || deployment === undefined) {
      return undefined;
    }
    if (!("stepId" in place) || place.kind === "step") {
      return this.deployment(deploymentId);
    }
    const step = this.step(deployment, place.stepId);
    if (!("entry" in place) || place.kind === "attempt" || entriesOf(deployment.log, place.stepId).length < 2) {
      return step;
    }
    return this.attempt(deploymentId, place.stepId, place.entry);
  }

  children(node: Node): Node[] {
    const deployment = this.find(node.deploymentId);
    const log = deployment?.log;
    if (deployment === undefined || log === undefined) {
      return [];
    }
    const { place } = node;
    switch (place.kind) {
      case "deployment":
        return this.ofDeployment(deployment, log);
      case "step":
        return this.ofStep(deployment, log, place.stepId);
      case "attempt":
        return this.ofAttempt(deployment.id, log, place.entry);
      case "group":
        return this.commands(deployment.id, log, place.entry, place.from, place.from + GROUP);
      default:
        return [];
    }
  }

  row(node: Node): Row | undefined {
    const deployment = this.find(node.deploymentId);
    if (deployment === undefined) {
      return undefined;
    }
    const { place } = node;
    const { log } = deployment;
    if (place.kind === "deployment") {
      return rows.deployment(deployment, this.now());
    }
    if (log === undefined) {
      return undefined;
    }
    switch (place.kind) {
      case "question":
        return log.pending_question ? rows.question(log.pending_question) : undefined;
      case "reason":
        return log.reason ? rows.reason(log.reason) : undefined;
      case "app":
        return log.app ? rows.app(log.app) : undefined;
      case "note":
        return rows.note(log.notes?.[place.index]);
      case "step":
        return rows.step(deployment, log, place.stepId, this.now());
      case "planned":
        return rows.planned(planStep(log, place.stepId)?.estimated_commands?.[place.index] ?? "");
    }
    return "entry" in place ? this.rowInside(log, place) : undefined;
  }

  /** The record a command's row stands for. */
  command(node: Node): CommandRecord | CurrentCommand | undefined {
    const { place } = node;
    const steps = this.find(node.deploymentId)?.log?.steps ?? [];
    if (place.kind === "command") {
      return steps[place.entry]?.commands?.[place.index];
    }
    return place.kind === "current" ? currentOrEnded(steps[place.entry], place.commandId) : undefined;
  }

  private rowInside(log: DeploymentLog, place: Extract<Place, { entry: number }>): Row | undefined {
    const entry = log.steps?.[place.entry];
    if (entry === undefined) {
      return undefined;
    }
    switch (place.kind) {
      case "attempt":
        return rows.attempt(entry, log.cancelling ?? false, this.now());
      case "stepReason":
        return entry.reason ? rows.reason(entry.reason) : undefined;
      case "group":
        return rows.group(entry, place.from, Math.min(place.from + GROUP, entry.commands?.length ?? 0));
      case "command":
        return rows.command(entry.commands?.[place.index]);
      case "check":
        return rows.check(entry.checks?.[place.index]);
      case "current": {
        const found = currentOrEnded(entry, place.commandId);
        return found && "exit_code" in found ? rows.command(found) : rows.runningCommand(found, this.now());
      }
    }
  }

  private ofDeployment(deployment: Deployment, log: DeploymentLog): Node[] {
    const { id } = deployment;
    const found: Node[] = [];
    if (log.pending_question) {
      found.push(this.node(id, `d/${id}/q/${log.pending_question.questionId}`, { kind: "question" }));
    }
    if (log.app) {
      found.push(this.node(id, `d/${id}/app`, { kind: "app" }));
    }
    if (log.reason) {
      found.push(this.node(id, `d/${id}/reason`, { kind: "reason" }));
    }
    found.push(...stepIds(log).map((stepId) => this.step(deployment, stepId)));
    found.push(...(log.notes ?? []).map((_, index) => this.node(id, `d/${id}/n/${index}`, { kind: "note", index })));
    return found;
  }

  private ofStep(deployment: Deployment, log: DeploymentLog, stepId: number): Node[] {
    const entries = entriesOf(log, stepId);
    const only = entries[0];
    if (only === undefined) {
      return (planStep(log, stepId)?.estimated_commands ?? []).map((_, index) =>
        this.node(deployment.id, `d/${deployment.id}/s/${stepId}/p/${index}`, { kind: "planned", stepId, index }),
      );
    }
    return entries.length === 1
      ? this.ofAttempt(deployment.id, log, only)
      : entries.map((entry) => this.attempt(deployment.id, stepId, entry));
  }

  private attempt(id: string, stepId: number, entry: number): Node {
    return this.node(id, `d/${id}/e/${entry}`, { kind: "attempt", stepId, entry });
  }

  private ofAttempt(id: string, log: DeploymentLog, entry: number): Node[] {
    const step = log.steps?.[entry];
    if (step === undefined) {
      return [];
    }
    const { step_id: stepId } = step;
    const found: Node[] = [];
    if (step.reason) {
      found.push(this.node(id, `d/${id}/e/${entry}/reason`, { kind: "stepReason", stepId, entry }));
    }
    const count = step.commands?.length ?? 0;
    const grouped = count > UNGROUPED ? count - (count % GROUP || GROUP) : 0;
    for (let from = 0; from < grouped; from += GROUP) {
      found.push(this.node(id, `d/${id}/e/${entry}/g/${from}`, { kind: "group", stepId, entry, from }));
    }
    found.push(...this.commands(id, log, entry, grouped, count));
    if (step.current_command) {
      found.push(this.currentCommand(id, step, entry, step.current_command));
    }
    const checks = (step.checks ?? []).map((_, index) =>
      this.node(id, `d/${id}/e/${entry}/k/${index}`, { kind: "check", stepId, entry, index }),
    );
    return [...found, ...checks];
  }

  private commands(id: string, log: DeploymentLog, entry: number, from: number, to: number): Node[] {
    const step = log.steps?.[entry];
    return (step?.commands ?? []).slice(from, to).map((record, offset) => {
      const index = from + offset;
      const place = { kind: "command", stepId: step?.step_id ?? 0, entry, index } as const;
      return this.node(id, `d/${id}/c/${record.id || `${entry}.${index}`}`, place);
    });
  }

  private currentCommand(id: string, step: StepResult, entry: number, command: CurrentCommand): Node {
    const place = { kind: "current", stepId: step.step_id, entry, commandId: command.id } as const;
    return this.node(id, `d/${id}/c/${command.id}`, place);
  }

  private node(deploymentId: string, id: string, place: Place): Node {
    const known = this.nodes.get(id);
    if (known !== undefined && (known.place.kind === place.kind || known.place.kind === "current")) {
      return known;
    }
    const made = { id, deploymentId, place };
    this.nodes.set(id, made);
    return made;
  }
}

/** A command keeps its row from its start to its end, and so its place in the tree. */
function currentOrEnded(step: StepResult | undefined, id: string): CommandRecord | CurrentCommand | undefined {
  const current = step?.current_command;
  return current?.id === id ? current : step?.commands?.findLast((record) => record.id === id);
}

/** Indexes into `log.steps` of the attempts at a step. */
function entriesOf(log: DeploymentLog | undefined, stepId: number): number[] {
  return (log?.steps ?? []).flatMap((step, index) => (step.step_id === stepId ? [index] : []));
}
