/** A private repository of a GitHub Enterprise Server: the editor's sign-in is offered, used when the user says so, and kept nowhere. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { PYTHON, ROOT } from "./editor.ts";
import { sampleApp, temporaryFolder } from "./repositories.ts";
import { inWorkbench, type Workbench } from "./workbench.ts";

const TOKEN = "s3cret-t0ken-value";
const SIGN_IN = "Use GitHub Sign-In";

test("deploy a private repository with the editor's own sign-in", async () => {
  const folder = temporaryFolder();
  await withGitServer(sampleApp("static"), async (origin) => {
    const builtin = path.join(import.meta.dirname, "sign-in");
    const machine = { "github-enterprise.uri": origin };
    await inWorkbench({ folder, name: "sign-in", builtin, machine }, async (workbench) => {
      await chooseUrl(workbench, `${origin}/private/static.git`);
      await workbench.choice("Enter a Token").waitFor();
      await workbench.screenshot("offered");
      await workbench.page.keyboard.press("Escape"); // not now: the deployment asks again
      await workbench.choose("Deploy right away");
      await workbench.toast("User name for").waitFor();
      await workbench.screenshot("question");
      await workbench.press("User name for", SIGN_IN);
      await workbench.page.locator(".monaco-dialog-box .monaco-button", { hasText: "Allow" }).click();
      await workbench.row("Deployment of static, success").waitFor();
      await workbench.toast("static is running at").waitFor();

      await workbench.command("Deploy Again"); // agreed to, so nothing is asked
      await workbench.row("Deployment of static, success").nth(1).waitFor();
      await workbench.screenshot("again");
      const kept = [path.join(folder, "agent_logs"), path.join(workbench.folders, "data"), path.join(workbench.folders, "home")];
      assert.deepEqual(
        kept.flatMap((where) => filesWith(TOKEN, where)),
        [],
      );
    });
  });
});

async function chooseUrl(workbench: Workbench, url: string): Promise<void> {
  await workbench.command("Deploy…");
  await workbench.choose("A git URL…");
  await workbench.type(url);
  await workbench.choose("The default branch");
}

/** Files that hold this text; those of the test's own sign-in are not meant. */
function filesWith(text: string, folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries.map((entry) => path.join(entry.parentPath, entry.name));
  return files.filter((file) => readFileSync(file).includes(text));
}

/** A server whose certificate git accepts, in this process and in all that it starts. */
async function withGitServer(repository: string, run: (origin: string) => Promise<void>): Promise<void> {
  const args = ["-m", "tests.workbench.git_server", temporaryFolder(), repository];
  const server = spawn(PYTHON, args, { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] });
  const exit = once(server, "exit");
  try {
    const [line] = (await once(createInterface(server.stdout), "line")) as [string];
    const { origin, certificate } = JSON.parse(line) as { origin: string; certificate: string };
    Object.assign(process.env, { GIT_SSL_CAINFO: certificate, no_proxy: "localhost,127.0.0.1" });
    await run(origin);
  } finally {
    server.stdin.end();
    await exit;
  }
}
