/** Journals of real deployments, and the documents the server's own fold makes of them. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { DeploymentLog } from "../src/protocol";
import type { DeploymentEvent } from "../src/state/reducer";

export const NAMES = ["success", "failure", "retry", "skipped", "cancelled", "refused", "rejected", "model"] as const;

export function events(name: string): DeploymentEvent[] {
  const lines = read(`${name}.jsonl`).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as DeploymentEvent);
}

export function document(name: string): DeploymentLog {
  return JSON.parse(read(`${name}.json`)) as DeploymentLog;
}

function read(file: string): string {
  return readFileSync(path.join(__dirname, "journals", file), "utf-8");
}
