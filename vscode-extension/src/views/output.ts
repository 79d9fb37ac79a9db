/** The output channel of deployments: each command with its output as it comes, as plain text. */
import * as vscode from "vscode";
import { LineStream } from "../ansi";
import { duration, oneLine, shortCommand } from "../format";
import type { CommandRecord, CurrentCommand, OutputChunk } from "../protocol";
import { planStep, stepIds } from "../state/log";
import type { DeploymentEvent } from "../state/reducer";
import type { Change, Deployment, DeploymentStore } from "../state/store";
import { deploymentName } from "../tree/rows";

export class DeploymentOutput implements vscode.Disposable {
  private readonly channel = vscode.window.createOutputChannel("Auto-Deployer Deployments");
  private readonly streams = new Map<string, LineStream>();
  private readonly subscription: { dispose(): void };
  /** With several deployments at once each line says whose it is. */
  private last = "";

  constructor(private readonly store: DeploymentStore) {
    this.subscription = store.onDidChange((change) => this.follow(change));
  }

  dispose(): void {
    this.subscription.dispose();
    this.channel.dispose();
  }

  show(): void {
    this.channel.show(true);
  }

  private follow(change: Change): void {
    if (change.kind === "output") {
      this.write(change.deployment, this.stream(change.chunk).push(change.chunk.text));
    } else if (change.kind === "event") {
      this.write(change.deployment, this.textOf(change.deployment, change.event));
    }
  }

  private textOf(deployment: Deployment, { method, params }: DeploymentEvent): string {
    switch (method) {
      case "deploy/started":
        return `\n=== ${deploymentName(deployment)} (${params.deploymentId}) ===\n`;
      case "deploy/stepStarted":
        return `\n--- ${stepTitle(deployment, params.step.step_id, params.step.attempt ?? 1)} ---\n`;
      case "deploy/commandStarted":
        return started(params.command);
      case "deploy/commandExecuted":
        return this.rest(deployment.id, params.command) + ending(params.command);
      case "deploy/commandRefused":
        return `not run: ${shortCommand(params.command.command)} (${params.command.policy.reason})\n`;
      case "deploy/modelCalled":
        return `asked ${params.call.model}${params.call.error ? `: ${oneLine(params.call.error)}` : ""}\n`;
      case "deploy/repairApplied":
        return `repair: ${params.reason.message}\n`;
      case "deploy/note":
        return `note: ${params.message}\n`;
      case "deploy/cancelling":
        return "cancelling…\n";
      case "deploy/finished":
        return `=== ${params.outcome}${params.app ? `: ${params.app.url}` : ""} ===\n${params.reason ? `${params.reason.message}\n` : ""}`;
      default:
        return "";
    }
  }

  private write(deployment: Deployment, text: string): void {
    if (text === "") {
      return;
    }
    const several = this.store.running().length > 1;
    if (several && this.last !== deployment.id && this.last !== "") {
      this.channel.append(`[${deploymentName(deployment)}]\n`);
    }
    this.last = deployment.id;
    this.channel.append(text);
  }

  private stream({ deploymentId, commandId, stream }: OutputChunk): LineStream {
    const key = `${deploymentId} ${commandId} ${stream}`;
    const found = this.streams.get(key) ?? new LineStream();
    this.streams.set(key, found);
    return found;
  }

  private rest(deploymentId: string, { id }: CommandRecord): string {
    return ["stdout", "stderr"]
      .map((stream) => {
        const key = `${deploymentId} ${id} ${stream}`;
        const text = this.streams.get(key)?.end() ?? "";
        this.streams.delete(key);
        return text;
      })
      .join("");
  }
}

function stepTitle({ log }: Deployment, stepId: number, attempt: number): string {
  const ids = log ? stepIds(log) : [];
  const name = (log && planStep(log, stepId)?.name) ?? "";
  return `step ${ids.indexOf(stepId) + 1} of ${ids.length}: ${name}${attempt > 1 ? `, attempt ${attempt}` : ""}`;
}

function started({ command, reasoning }: CurrentCommand): string {
  return `${reasoning ? `# ${oneLine(reasoning)}\n` : ""}$ ${shortCommand(command)}\n`;
}

function ending(record: CommandRecord): string {
  const took = duration(record.duration_ms ?? 0);
  return record.success ? `ok, ${took}\n` : `FAILED: exit ${record.exit_code}, ${took}\n`;
}
