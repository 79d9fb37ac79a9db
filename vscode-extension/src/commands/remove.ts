/** Delete Deployment…: its log, journal and output files. The app it brought up stays. */
import * as vscode from "vscode";
import { isRunning } from "../state/store";
import { deploymentName } from "../tree/rows";
import { deploymentOf, type Services, type Target } from "./services";

/** What the server calls its logs: nothing else is deleted, whatever the address says. */
const IS_LOG = /\/deploy_[^/]+\.json$/;

export async function deleteDeployment(services: Services, target?: Target): Promise<void> {
  const deployment = await deploymentOf(services, target, (other) => !isRunning(other), "Delete Deployment");
  if (deployment === undefined || isRunning(deployment)) {
    return;
  }
  const question = `Delete the log of this deployment of ${deploymentName(deployment)}?`;
  const detail = "The log and the outputs of its commands are deleted. The app stays as it is.";
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, "Delete")) === undefined) {
    return;
  }
  const { log: now } = await services.send("deploy/get", { deploymentId: deployment.id });
  const log = vscode.Uri.parse(deployment.logUri);
  if ((now as { status?: string }).status === "running" || !IS_LOG.test(log.path)) {
    throw new Error(`${log.fsPath} is not deleted: it is not the log of a deployment that has ended.`);
  }
  const files = log.with({ path: log.path.replace(/\.json$/, ".files") });
  await vscode.workspace.fs.delete(log);
  await vscode.workspace.fs.delete(files, { recursive: true }).then(undefined, () => undefined); // old logs have none
  services.store.forget(deployment.id);
}
