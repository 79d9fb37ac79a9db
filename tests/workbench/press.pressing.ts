/** All that can be pressed is pressed in each state that offers it: it shows what it should, and no error. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { test } from "node:test";
import { APP_RUNS, APP_STOPPED, NOTHING_DEPLOYED, QUESTION, running, SUCCESS } from "./pressing/cases.ts";
import { CANCELLED, deployLost, failed, IN_TERMINAL, InTerminal, REFUSED } from "./pressing/ends.ts";
import { Presser } from "./pressing/presser.ts";
import { dismissAll } from "./pressing/sights.ts";
import { controlledApp, temporaryFolder } from "./repositories.ts";
import { inWorkbench, type Workbench } from "./workbench.ts";

test("everything that a deployment and its app offer", async () => {
  const app = controlledApp();
  const model = await modelThatGivesUp();
  const config = path.join(temporaryFolder(), "config.toml");
  writeFileSync(config, "[budget]\nmax_attempts = 50\n");
  process.env.AUTO_DEPLOYER_CONFIG = config;
  const machine = {
    "autoDeployer.planner": "recipe",
    "autoDeployer.llm.provider": "custom",
    "autoDeployer.llm.model": "scripted",
    "autoDeployer.llm.endpoint": `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1`,
  };
  const size = { width: 1280, height: 1700 }; // all commands of the palette are to be seen at once
  try {
    await inWorkbench({ folder: app.folder, name: "press", machine, size }, async (workbench) => {
      const presser = new Presser(workbench);
      await workbench.pane("Deployments").getByText("Nothing was deployed").waitFor();
      await presser.play(...NOTHING_DEPLOYED);
      app.set("fail");
      await deploy(workbench);
      await workbench.row("question: Step 3").waitFor();
      await presser.play(...QUESTION);
      app.set("hush");
      await presser.play(...CANCELLED, ...running(app));
      const terminal = new InTerminal(workbench, app);
      await terminal.begin();
      await presser.play(...IN_TERMINAL);
      await terminal.fails();
      await presser.play(...failed(app));
      app.set("pass");
      await dismissAll(workbench);
      await workbench.command("Deploy Again");
      await workbench.toast("shop is running at").waitFor();
      await presser.play(...SUCCESS, ...APP_RUNS, ...APP_STOPPED);
      await deployLost(workbench);
      await presser.play(...REFUSED);
      assert.deepEqual(presser.faults, []);
    });
  } finally {
    model.close();
  }
});

async function deploy(workbench: Workbench): Promise<void> {
  await workbench.command("Deploy…");
  await workbench.choose("shop");
  await workbench.choose("HEAD");
  await workbench.choose("Deploy right away");
}

/** An OpenAI-compatible server. */
async function modelThatGivesUp(): Promise<Server> {
  const content = JSON.stringify({ next: { action: "step_failed", message: "There is no shelf", reasoning: "" } });
  const body = { choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }] };
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
