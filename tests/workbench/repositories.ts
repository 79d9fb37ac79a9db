/** Repositories to deploy: a sample app of the tests, one with two apps, and an app whose build does what a control file says. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** A new folder for repositories, which lives as long as the tests of this file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "repository-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function sampleApp(name: string, parent = temporaryFolder()): string {
  const folder = path.join(parent, name);
  cpSync(path.join(import.meta.dirname, "../apps", name), folder, { recursive: true });
  return committed(folder);
}

/** Nothing to run at the root, and two apps below, each of which tells the address of the shop that it was given. */
export function twoApps(parent = temporaryFolder()): string {
  const folder = path.join(parent, "market");
  for (const name of ["kiosk", "shop"]) {
    writeApp(path.join(folder, name), { start: "node server.js" });
  }
  return committed(folder);
}

export interface Controlled {
  readonly folder: string;
  /** What the next build does; one that hushes waits too, and prints nothing. Other words are for builds that read `control`. */
  set(how: string): void;
  readonly control: string;
}

export function controlledApp(): Controlled {
  const parent = temporaryFolder();
  const folder = path.join(parent, "shop");
  const control = path.join(parent, "control");
  writeApp(folder, { build: "sh build.sh seed", start: "node server.js" }); // what seeds data is run each time, never reused
  writeFileSync(path.join(folder, ".npmrc"), "loglevel=silent\n"); // what is printed is the build's own
  writeFileSync(path.join(folder, "build.sh"), build(control));
  const set = (how: string): void => {
    writeFileSync(`${control}.new`, how);
    renameSync(`${control}.new`, control); // a build never reads half of it
  };
  set("pass");
  return { folder: committed(folder), set, control };
}

function writeApp(folder: string, scripts: Record<string, string>): void {
  mkdirSync(folder, { recursive: true });
  const name = path.basename(folder);
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name, version: "1.0.0", private: true, scripts }));
  writeFileSync(path.join(folder, "server.js"), server(name));
}

function server(name: string): string {
  return `require("node:http")
  .createServer((_, response) => response.end("<h1>The ${name} is open</h1>" + (process.env.APP_SHOP_URL || "")))
  .listen(process.env.PORT, process.env.HOST, () => console.log("open on port", process.env.PORT));
`;
}

function build(control: string): string {
  return `how=$(cat '${control}')
[ "$how" = hush ] || printf '\\033[36mbuilding the shop (%s)\\033[0m\\n' "$how"
while [ "$how" = wait ] || [ "$how" = hush ]; do sleep 0.2; how=$(cat '${control}'); done
[ "$how" != fail ] || { echo 'the shelf is missing' >&2; exit 3; }
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
