/** The last events of a deployment of 2,000 commands: a reducer must need less than a millisecond for each. */
import { bench, describe } from "vitest";
import type { CommandRecord } from "../../src/protocol";
import { apply, type DeploymentEvent, fold } from "../../src/state/reducer";
import { DeploymentTree } from "../../src/tree/model";
import { events } from "../journals";

const journal = events("success");
const at = journal.findIndex(({ method }) => method === "deploy/commandExecuted");
const executed = journal[at] as Extract<DeploymentEvent, { method: "deploy/commandExecuted" }>;
let log = fold(journal.slice(0, at));
for (let index = 0; index < 2000; index++) {
  log = apply(log, next());
}

function next(): DeploymentEvent {
  const command: CommandRecord = { ...executed.params.command, id: `c${log.seq}` };
  return { method: "deploy/commandExecuted", params: { ...executed.params, seq: (log.seq ?? 0) + 1, command } };
}

describe("after 2,000 commands", () => {
  const event = next();
  const summary = { deploymentId: "d", repo: "/site", target: "local", status: "running", startTime: "", logUri: "" };
  const tree = new DeploymentTree(() => ({ id: "d", logUri: "", log, summary }));
  const step = tree.children(tree.deployment("d")).find((node) => tree.children(node).length > 10) ?? tree.deployment("d");

  bench("one more event", () => void apply(log, event));
  bench("a refresh of the open step's rows", () => tree.children(step).forEach((node) => void tree.row(node)));
});
