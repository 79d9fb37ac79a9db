/** Edit App Environment…: the variables of an app, which stay on its machine; their values are never shown. */
import * as vscode from "vscode";
import type { AppEnv, AppState } from "../protocol";
import type { AppNode } from "../tree/apps";
import { offer } from "../views/offer";
import { pickOne } from "../views/pick";
import { restartApp } from "./apps";
import { anyOf, appOf, type Services } from "./services";

/** Not to be read over a shoulder while they are typed; the server decides by itself what it masks. */
const SECRET_NAME = /secret|token|passw|key|credential|auth|dsn|_url$/i;

export async function editAppEnv(services: Services, node?: AppNode): Promise<void> {
  const app = await appOf(services, node, anyOf, "Edit App Environment");
  if (app === undefined) {
    return;
  }
  const { deployDir } = app;
  let env = await services.send("deploy/env", { deployDir });
  let restart = false;
  for (;;) {
    const name = await pickOne(items(env), `Environment of ${app.name}`, "Which variable? Escape ends");
    if (name === undefined) {
      break;
    }
    env = (await change(services, app, env, name)) ?? env;
    restart ||= env.restartNeeded ?? false;
  }
  await (restart && offerRestart(services, app));
}

function items({ variables, wanted = [] }: AppEnv): { label: string; description: string; value: string }[] {
  const missing = wanted.filter(({ name }) => !variables.some((variable) => variable.name === name));
  return [
    ...variables.map(({ name, value, secret }) => ({
      label: name,
      description: value === "" ? "empty" : secret ? "secret" : "set",
      value: name,
    })),
    ...missing.map(({ name }) => ({ label: name, description: "not set; the app's sample of settings names it", value: name })),
    { label: "$(add) Add a variable…", description: "", value: "" },
  ];
}

/** The environment after the change; undefined when nothing was changed. */
async function change({ send }: Services, { deployDir }: AppState, env: AppEnv, chosen: string): Promise<AppEnv | undefined> {
  const name = chosen || (await vscode.window.showInputBox({ title: "Add a Variable", prompt: "Its name", ignoreFocusOut: true }));
  if (!name) {
    return undefined;
  }
  const known = env.variables.find((variable) => variable.name === name);
  const actions = [
    { label: "$(edit) Set another value…", description: "", value: "set" },
    { label: "$(trash) Remove it", description: "", value: "unset" },
  ];
  const action = known === undefined ? "set" : await pickOne(actions, name, "What to do with it?");
  if (action === "unset") {
    return send("deploy/setEnv", { deployDir, unset: [name] });
  }
  const password = known?.secret ?? SECRET_NAME.test(name);
  const value = action && (await vscode.window.showInputBox({ title: name, prompt: "Its value", password, ignoreFocusOut: true }));
  return value === undefined ? undefined : send("deploy/setEnv", { deployDir, set: { [name]: value } });
}

async function offerRestart(services: Services, app: AppState): Promise<void> {
  const chosen = await offer("information", `${app.name} runs with its old environment until it restarts.`, ["Restart"]);
  await (chosen && restartApp(services, { id: "", app }));
}
