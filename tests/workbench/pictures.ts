/** Takes the pictures of the README: `make pictures`. */
import path from "node:path";
import { test } from "node:test";
import { ROOT } from "./editor.ts";
import { controlledApp } from "./repositories.ts";
import { inWorkbench } from "./workbench.ts";

const MEDIA = path.join(ROOT, ".github", "media");

test("pictures", async () => {
  const app = controlledApp();
  await inWorkbench({ folder: app.folder, name: "pictures", size: { width: 1120, height: 620 } }, async (workbench) => {
    const picture = (name: string): Promise<void> => workbench.picture(path.join(MEDIA, `vscode-${name}.png`));
    await workbench.drag(workbench.page.locator(".pane-body").first(), "bottom", 130);
    app.set("fail");
    await workbench.command("Deploy…");
    await workbench.choose("shop");
    await workbench.choose("HEAD");
    await workbench.choose("Deploy right away");
    await workbench.row("question: Step 3").waitFor();
    await workbench.row("exit 3").click();
    await workbench.editor("the shelf is missing").waitFor();
    await workbench.toast("Step 3").waitFor();
    await picture("failed");

    app.set("wait");
    await workbench.press("Step 3", "Retry");
    await workbench.row("npm run build, running for").waitFor();
    await workbench.act(workbench.row("Deployment of shop, running"), "Open Log");
    await workbench.editor('"deployment_id"').waitFor();
    await workbench.find('"current_command": {');
    await workbench.editor('"current_command": {').waitFor();
    await picture("log");

    app.set("pass");
    await workbench.row("Deployment of shop, success").waitFor();
    await workbench.expand(workbench.row("App shop, running", "Apps"));
    await workbench.row("address http", "Apps").waitFor();
    await workbench.expand(workbench.row("Build, attempt 2, success"));
    await workbench.row("attempt 1, failed").waitFor();
    await workbench.expand(workbench.row("attempt 2, success").last());
    await workbench.run("View: Close All Editors");
    await workbench.row("npm run build, succeeded").click();
    await workbench.editor("built").waitFor();
    await workbench.toast("shop is running at").waitFor();
    await picture("deploy");
  });
});
