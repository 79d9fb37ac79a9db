/** The table of commands: each id, after `autoDeployer.`, with what it is about and what it does. Errors are shown in one place. */
import * as vscode from "vscode";
import { SECTION } from "../ids";
import { editAppEnv } from "./appEnv";
import { openAppLog, restartApp, rollBack, startApp, stopApp } from "./apps";
import { about, aDeployment, alone, anApp, aPlace, type Command } from "./called";
import { answer, askModel, cancel, retryWithHint, skipStep } from "./control";
import { deploy } from "./deploy";
import { deployAgain } from "./deployAgain";
import { showError } from "./errors";
import { removeModelKey, setUpModel } from "./model";
import { copyCommand, openApp, openLog, openOutput, showOutput } from "./open";
import { deleteDeployment } from "./remove";
import { retry, retryStep } from "./retry";
import { restartServer, selectInterpreter, showServerLog } from "./server";
import type { Services } from "./services";
import { showPlan } from "./showPlan";

const TABLE: Record<string, Command> = {
  answer: about(aDeployment, answer),
  askModel: about(aDeployment, askModel),
  cancel: about(aDeployment, cancel),
  copyCommand: about(aDeployment, copyCommand),
  deleteDeployment: about(aDeployment, deleteDeployment),
  deploy: alone(deploy),
  deployAgain: about(aDeployment, deployAgain),
  editAppEnv: about(anApp, editAppEnv),
  openApp: about(aPlace, openApp),
  openAppLog: about(anApp, openAppLog),
  openLog: about(aDeployment, openLog),
  openOutput: about(aDeployment, openOutput),
  removeModelKey: alone(removeModelKey),
  restartApp: about(anApp, restartApp),
  restartServer: alone(restartServer),
  retry: about(aDeployment, retry),
  retryStep: about(aDeployment, retryStep),
  retryWithHint: about(aDeployment, retryWithHint),
  rollBack: about(anApp, rollBack),
  selectInterpreter: alone(selectInterpreter),
  setUpModel: alone(setUpModel),
  showOutput: alone(showOutput),
  showPlan: alone(showPlan),
  showServerLog: alone(showServerLog),
  skipStep: about(aDeployment, skipStep),
  startApp: about(anApp, startApp),
  stopApp: about(anApp, stopApp),
};

export function registerCommands(services: Services): vscode.Disposable[] {
  return Object.entries(TABLE).map(([name, run]) =>
    vscode.commands.registerCommand(`${SECTION}.${name}`, async (...given: unknown[]) => {
      try {
        await run(services, given);
      } catch (error) {
        await showError(error, services.log);
      }
    }),
  );
}
