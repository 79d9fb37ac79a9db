/** What can be pressed in windows where something is missing: trust, a folder, the server. It shows what it should, and no error. */
import assert from "node:assert/strict";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { PYTHON } from "./editor.ts";
import {
  EMPTY_WINDOW,
  NO_SERVER,
  SERVER_STARTS,
  takePython,
  UNTRUSTED,
  UNTRUSTED_FAILED,
  UNTRUSTED_SUCCESS,
} from "./pressing/edges.ts";
import { InTerminal } from "./pressing/ends.ts";
import { Presser } from "./pressing/presser.ts";
import { controlledApp, temporaryFolder } from "./repositories.ts";
import { inWorkbench } from "./workbench.ts";

test("everything that an untrusted folder, an empty window and one without a server offer", async () => {
  const app = controlledApp();
  const size = { width: 1280, height: 1700 }; // all commands of the palette are to be seen at once
  await inWorkbench({ folder: app.folder, name: "press-windows", trusted: false, size }, async (workbench) => {
    const presser = new Presser(workbench);
    await workbench.pane("Deployments").getByText("must be trusted first").waitFor();
    await presser.play(...UNTRUSTED);
    const terminal = new InTerminal(workbench, app);
    await terminal.begin();
    await terminal.fails();
    await presser.play(...UNTRUSTED_FAILED);
    await terminal.begin();
    await terminal.succeeds();
    await workbench.row("App shop, running", "Apps").waitFor();
    await presser.play(...UNTRUSTED_SUCCESS);

    await workbench.load(true);
    await workbench.pane("Deployments").getByText("Open a folder").waitFor();
    await presser.play(...EMPTY_WINDOW);
    takePython(workbench, "/nowhere/python");
    await presser.play(...NO_SERVER);
    const slow = new SlowPython();
    takePython(workbench, slow.file);
    await presser.play(...SERVER_STARTS);
    slow.goOn();
    await workbench.pane("Deployments").getByText("Open a folder").waitFor();
    assert.deepEqual(presser.faults, []);
  });
});

/** A Python whose server waits to be let on. */
class SlowPython {
  readonly file: string;
  private readonly closed: string;

  constructor() {
    const folder = temporaryFolder();
    this.file = path.join(folder, "python");
    this.closed = path.join(folder, "closed");
    const wait = `case "$*" in *"auto_deployer server"*) while [ -e '${this.closed}' ]; do sleep 0.1; done ;; esac`;
    writeFileSync(this.closed, "");
    writeFileSync(this.file, `#!/bin/sh\n${wait}\nexec '${PYTHON}' "$@"\n`);
    chmodSync(this.file, 0o755);
  }

  goOn(): void {
    rmSync(this.closed);
  }
}
