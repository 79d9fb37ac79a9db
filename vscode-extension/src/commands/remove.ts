/** Delete Deployment…: its log, journal and output files. The app it brought up stays. */
import { deploymentName } from "../tree/rows";
import { insist } from "../views/offer";
import type { Target } from "./called";
import { deploymentOf, hasEnded, type Services } from "./services";

export async function deleteDeployment(services: Services, target?: Target): Promise<void> {
  const deployment = await deploymentOf(services, target, hasEnded, "Delete Deployment");
  if (deployment === undefined) {
    return;
  }
  const question = `Delete the log of this deployment of ${deploymentName(deployment)}?`;
  const detail = "The log and the outputs of its commands are deleted. The app stays as it is.";
  if ((await insist(question, detail, ["Delete"])) !== undefined) {
    await services.send("deploy/delete", { deploymentId: deployment.id });
    services.store.forget(deployment.id);
  }
}
