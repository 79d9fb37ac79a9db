/** The table of commands: each id, after `autoDeployer.`, with what it does. Errors are shown in one place. */
import * as vscode from "vscode";
import { SECTION } from "../ids";
import { editAppEnv } from "./appEnv";
import { openAppLog, restartApp, rollBack, startApp, stopApp } from "./apps";
import { answer, askModel, cancel, retryWithHint, skipStep } from "./control";
import { deploy } from "./deploy";
import { deployAgain } from "./deployAgain";
import { showError } from "./errors";
import { removeModelKey, setUpModel } from "./model";
import { copyCommand, openApp, openLog, openOutput } from "./open";
import { deleteDeployment } from "./remove";
import { retry, retryStep } from "./retry";
import { restartServer, selectInterpreter, showServerLog } from "./server";
import type { Command, Services } from "./services";
import { showPlan } from "./showPlan";

const TABLE: Record<string, Command> = {
  answer,
  askModel,
  cancel,
  copyCommand,
  deleteDeployment,
  deploy,
  deployAgain,
  editAppEnv,
  openApp,
  openAppLog,
  openLog,
  openOutput,
  removeModelKey,
  restartApp,
  restartServer,
  retry,
  retryStep,
  retryWithHint,
  rollBack,
  selectInterpreter,
  setUpModel,
  showPlan,
  showServerLog,
  skipStep,
  startApp,
  stopApp,
};

export function registerCommands(services: Services): vscode.Disposable[] {
  return Object.entries(TABLE).map(([name, run]) =>
    vscode.commands.registerCommand(`${SECTION}.${name}`, async (...args: never[]) => {
      try {
        await run(services, ...args);
      } catch (error) {
        await showError(error, services.log);
      }
    }),
  );
}
