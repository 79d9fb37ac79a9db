/** The tree of deployments: deployment → step → attempt → command. Which rows there are; `rows.ts` says what they show. */
import type { CommandRecord, CurrentCommand, DeploymentLog, StepResult } from "../protocol";
import { planStep, stepIds } from "../state/log";
import type { DeploymentEvent } from "../state/reducer";
import type { Deployment } from "../state/store";
import type { Row } from "./row";
import * as rows from "./rows";

/** A place in the tree. The same `id` is always the same object, as VS Code wants it; what it shows is looked up each time. */
export interface Node {
  readonly id: string;
  readonly deploymentId: string;
  /** The step it is, or lies in. */
  readonly stepId?: number;
  readonly content: Content;
}

/** Whether it is a row, rather than only names a deployment. */
export function isNode(target: object): target is Node {
  return "content" in target;
}

interface Content {
  /** Nothing when what it stood for is gone. */
  row(deployment: Deployment, now: number): Row | undefined;
  children?(log: DeploymentLog): Node[];
  /** What a command's row stands for. */
  command?(log: DeploymentLog): CommandRecord | CurrentCommand | null | undefined;
}

/** An attempt at a step: where it is in `log.steps`. */
interface Attempt {
  readonly deploymentId: string;
  readonly stepId: number;
  readonly entry: number;
}

/** More commands than this in one attempt are shown in groups of `GROUP`, so that a refresh stays cheap. */
const UNGROUPED = 200;
const GROUP = 100;

/** What these tell is shown by the row of their step and those below it. */
const INSIDE_STEP: ReadonlySet<DeploymentEvent["method"]> = new Set([
  "deploy/commandStarted",
  "deploy/commandExecuted",
  "deploy/commandRefused",
  "deploy/checkFinished",
] as const);

export class DeploymentTree {
  private readonly nodes = new Map<string, Node>();

  constructor(
    private readonly find: (id: string) => Deployment | undefined,
    private readonly now: () => number = Date.now,
  ) {}

  deployment(id: string): Node {
    return this.node({ deploymentId: id }, "", {
      row: rows.deployment,
      children: (log) => this.ofDeployment(id, log),
    });
  }

  step(deploymentId: string, log: DeploymentLog | undefined, stepId: number): Node {
    const last = log?.steps?.findLast((step) => step.step_id === stepId);
    // Only a new id opens or closes a row by itself: it opens when the step starts, and closes when it has succeeded.
    const phase = last === undefined ? "/pending" : last.status === "success" ? "/done" : "";
    return this.node({ deploymentId, stepId }, `/s/${stepId}${phase}`, {
      row: (deployment, now) => rows.step(deployment, stepId, now),
      children: (current) => this.ofStep(deploymentId, current, stepId),
    });
  }

  /** The row below which everything lies that an event has changed, itself included. */
  changedBy({ id, log }: Pick<Deployment, "id" | "log">, { method, params }: DeploymentEvent): Node {
    return INSIDE_STEP.has(method) && params.stepId != null ? this.step(id, log, params.stepId) : this.deployment(id);
  }

  /** The row of the command that runs. */
  running(deploymentId: string, { steps = [] }: DeploymentLog): Node | undefined {
    const step = steps.at(-1);
    const index = step?.commands?.length ?? 0;
    const attempt = step?.current_command && { deploymentId, stepId: step.step_id, entry: steps.length - 1 };
    return attempt ? this.commands(attempt, index, index + 1)[0] : undefined;
  }

  /** Drop the rows of deployments that are gone. */
  prune(): void {
    for (const { id, deploymentId } of this.nodes.values()) {
      if (this.find(deploymentId) === undefined) {
        this.nodes.delete(id);
      }
    }
  }

  children(node: Node): Node[] {
    const log = this.find(node.deploymentId)?.log;
    return (log && node.content.children?.(log)) ?? [];
  }

  row(node: Node): Row | undefined {
    const deployment = this.find(node.deploymentId);
    return deployment && node.content.row(deployment, this.now());
  }

  /** The record a command's row stands for. */
  command(node: Node): CommandRecord | CurrentCommand | undefined {
    const log = this.find(node.deploymentId)?.log;
    return (log && node.content.command?.(log)) ?? undefined;
  }

  private ofDeployment(deploymentId: string, log: DeploymentLog): Node[] {
    const place = { deploymentId };
    const question = (): Node => this.node(place, `/q/${log.pending_question?.questionId}`, { row: (now) => rows.question(now) });
    return [
      ...(log.pending_question ? [question()] : []),
      ...(log.app ? [this.node(place, "/app", { row: (now) => rows.app(now.log?.app) })] : []),
      ...(log.reason ? [this.node(place, "/reason", { row: (now) => rows.reason(now.log?.reason) })] : []),
      ...stepIds(log).map((stepId) => this.step(deploymentId, log, stepId)),
      ...each(log.notes, (index) => this.node(place, `/n/${index}`, { row: (now) => rows.note(now.log?.notes?.[index]) })),
    ];
  }

  private ofStep(deploymentId: string, log: DeploymentLog, stepId: number): Node[] {
    const entries = (log.steps ?? []).flatMap((step, entry) => (step.step_id === stepId ? [{ deploymentId, stepId, entry }] : []));
    const [only] = entries;
    if (only === undefined) {
      return each(planStep(log, stepId)?.estimated_commands, (index) =>
        this.node({ deploymentId, stepId }, `/s/${stepId}/p/${index}`, {
          row: (now) => rows.planned(planStep(now.log, stepId)?.estimated_commands?.[index]),
        }),
      );
    }
    return entries.length === 1 ? this.ofAttempt(only, log) : entries.map((attempt) => this.attempt(attempt));
  }

  private attempt(attempt: Attempt): Node {
    return this.inside(attempt, "", {
      row: (step, now, cancelling) => rows.attempt(step, cancelling, now),
      children: (log) => this.ofAttempt(attempt, log),
    });
  }

  private ofAttempt(attempt: Attempt, log: DeploymentLog): Node[] {
    const step = log.steps?.[attempt.entry];
    const count = (step?.commands?.length ?? 0) + (step?.current_command ? 1 : 0);
    const grouped = count > UNGROUPED ? count - (count % GROUP || GROUP) : 0;
    return [
      ...(step?.reason ? [this.inside(attempt, "/reason", { row: ({ reason }) => rows.reason(reason) })] : []),
      ...Array.from({ length: grouped / GROUP }, (_, nth) => this.group(attempt, nth * GROUP)),
      ...this.commands(attempt, grouped, count),
      ...each(step?.refused_commands, (index) =>
        this.inside(attempt, `/r/${index}`, { row: (now) => rows.refused(now.refused_commands?.[index]) }),
      ),
      ...each(step?.checks, (index) => this.inside(attempt, `/k/${index}`, { row: (now) => rows.check(now.checks?.[index]) })),
    ];
  }

  private group(attempt: Attempt, from: number): Node {
    return this.inside(attempt, `/g/${from}`, {
      row: (step) => rows.group(step, from, from + GROUP),
      children: () => this.commands(attempt, from, from + GROUP),
    });
  }

  /** The command that runs has the next number: it keeps its row, and so its place in the tree, when it has ended. */
  private commands(attempt: Attempt, from: number, to: number): Node[] {
    return Array.from({ length: to - from }, (_, offset) => {
      const index = from + offset;
      return this.inside(attempt, `/c/${index}`, {
        row: (step, now) =>
          step.commands?.[index] ? rows.command(step.commands[index]) : rows.runningCommand(step.current_command, now),
        command: (log) => {
          const step = log.steps?.[attempt.entry];
          return step?.commands?.[index] ?? step?.current_command;
        },
      });
    });
  }

  /** A node about one attempt's entry in the log. */
  private inside(
    { deploymentId, stepId, entry }: Attempt,
    path: string,
    content: Omit<Content, "row"> & { row(step: StepResult, now: number, cancelling: boolean): Row | undefined },
  ): Node {
    return this.node({ deploymentId, stepId }, `/e/${entry}${path}`, {
      ...content,
      row: ({ log }, now) => {
        const step = log?.steps?.[entry];
        return step && content.row(step, now, log?.cancelling ?? false);
      },
    });
  }

  private node(place: { deploymentId: string; stepId?: number }, path: string, content: Content): Node {
    const id = `d/${place.deploymentId}${path}`;
    const made = this.nodes.get(id) ?? { ...place, id, content };
    this.nodes.set(id, made);
    return made;
  }
}

function each(items: readonly unknown[] | undefined, node: (index: number) => Node): Node[] {
  return (items ?? []).map((_, index) => node(index));
}
