/** Repositories to deploy: a sample app of the tests, and an app whose build does what a control file says. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

export function sampleApp(name: string): string {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), "repository-")), name);
  cpSync(path.join(import.meta.dirname, "../apps", name), folder, { recursive: true });
  return committed(folder);
}

export interface Controlled {
  readonly folder: string;
  /** What the next build does. */
  set(how: "pass" | "fail" | "wait"): void;
}

export function controlledApp(): Controlled {
  const parent = mkdtempSync(path.join(tmpdir(), "repository-"));
  const folder = path.join(parent, "shop");
  const control = path.join(parent, "control");
  mkdirSync(folder);
  const scripts = { build: "sh build.sh", start: "node server.js" };
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: "shop", version: "1.0.0", private: true, scripts }));
  writeFileSync(path.join(folder, "build.sh"), build(control));
  writeFileSync(path.join(folder, "server.js"), SERVER);
  const set = (how: string): void => writeFileSync(control, how);
  set("pass");
  return { folder: committed(folder), set };
}

const SERVER = `require("node:http")
  .createServer((_, response) => response.end("<h1>The shop is open</h1>"))
  .listen(process.env.PORT, process.env.HOST);
`;

function build(control: string): string {
  return `how=$(cat '${control}')
printf '\\033[36mbuilding the shop (%s)\\033[0m\\n' "$how"
case $how in
  fail) echo 'the shelf is missing' >&2; exit 3 ;;
  wait) while [ "$(cat '${control}')" = wait ]; do sleep 0.2; done ;;
esac
echo built
`;
}

/** The folder as a repository with all its files in a commit. */
export function committed(folder: string, message = "First"): string {
  const author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"];
  for (const args of [
    ["init", "-q"],
    ["add", "-A"],
    [...author, "commit", "-qm", message],
  ]) {
    execFileSync("git", args, { cwd: folder });
  }
  return folder;
}
