/** What a user chose to deploy, how that reads in a list, and the request it becomes. */
import { counted, joined, oneLine, repositoryName } from "../format";
import type { AnalyzeResult, DeploymentLog, Overrides, RepoFacts, SourceParams, StartParams } from "../protocol";
import { withoutLogin } from "./text";

/** What no pick asks for, but a deployment before was started with. */
const CARRIED = [
  "deployDir",
  "port",
  "planner",
  "noCache",
  "submodules",
  "lfs",
  "installRuntimes",
  "groupId",
  "shared",
] as const satisfies (keyof StartParams)[];

export interface Choice {
  readonly repo: string;
  /** A folder of this machine rather than a URL. */
  readonly folder: boolean;
  readonly ref?: string;
  readonly dirty?: boolean;
  readonly subdir?: string;
  readonly envFile?: string;
  readonly target: string;
  /** "never": as the settings say. */
  readonly approval: NonNullable<StartParams["approval"]>;
  /** Answers to earlier refusals of this app. */
  readonly overrides?: Overrides;
  readonly carried?: Partial<Pick<StartParams, (typeof CARRIED)[number]>>;
}

/** What analysing and planning take: the choice without what matters only to a start. */
export function sourceParams(choice: Choice): SourceParams {
  const { groupId: _, shared: __, ...params } = allParams(choice);
  return params;
}

function allParams({ folder: _, approval: __, carried, ...params }: Choice): Omit<StartParams, "deploymentId"> {
  return { ...carried, ...params };
}

/** Without a plan to be approved it is left to the settings what needs approval. */
export function startParams(choice: Choice, deploymentId: string): StartParams {
  return { ...allParams(choice), ...(choice.approval === "never" ? {} : { approval: choice.approval }), deploymentId };
}

/** "20261124-083000-a1b2c3": sorts by time, and is the server's idempotency key. */
export function newDeploymentId(now: Date, random: () => number = Math.random): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  const tail = Math.floor(random() * 0x1000000).toString(16);
  return `${date}-${time}-${tail.padStart(6, "0")}`;
}

/** "site · working tree · this machine · with .env". */
export function describe(choice: Choice): string {
  return joined(
    " · ",
    joined("/", repositoryName(choice.repo), choice.subdir),
    choice.dirty ? "working tree" : (choice.ref ?? "HEAD"),
    targetName(choice.target),
    choice.envFile && `with ${choice.envFile.split(/[/\\]/).at(-1)}`,
  );
}

/** "start: node server.js, build: make": what the app was told after refusals. */
export function describeOverrides(overrides: Overrides = {}): string {
  return Object.entries(overrides)
    .flatMap(([name, value]) => (value ? [`${name}: ${oneLine(value, 60)}`] : []))
    .join(", ");
}

export function targetName(target: string): string {
  return target === "local" ? "this machine" : target;
}

/** The choice that began a deployment, from the request its log keeps: without the values of `env`, which it does not keep. */
export function choiceOf(request: Record<string, unknown>): Choice | undefined {
  const given = request as unknown as Partial<StartParams> & { deploy_dir?: string; env_file?: string };
  if (typeof given.repo !== "string" || given.repo === "") {
    return undefined;
  }
  const envFile = given.envFile ?? given.env_file;
  return {
    repo: withoutLogin(given.repo),
    folder: /^([/\\]|[A-Za-z]:[/\\])/.test(given.repo),
    ...(given.ref ? { ref: given.ref } : {}),
    ...(given.dirty ? { dirty: true } : {}),
    ...(given.subdir ? { subdir: given.subdir } : {}),
    ...(envFile ? { envFile } : {}),
    ...(given.overrides && Object.keys(given.overrides).length > 0 ? { overrides: given.overrides } : {}),
    ...carriedOf({ ...given, deployDir: given.deployDir ?? given.deploy_dir }),
    target: given.target ?? "local",
    approval: given.approval ?? "never",
  };
}

function carriedOf(given: Partial<StartParams>): Pick<Choice, "carried"> {
  const isSet = (value: unknown): boolean => (Array.isArray(value) ? value.length > 0 : Boolean(value));
  const found = CARRIED.flatMap((name) => (isSet(given[name]) ? [[name, given[name]] as const] : []));
  return found.length > 0 ? { carried: Object.fromEntries(found) } : {};
}

/** It ran something: its plan was agreed to, where that was asked. */
export function isAccepted(log: DeploymentLog | undefined): boolean {
  return (log?.steps ?? []).length > 0;
}

/** The choice to deploy the same again: a plan that was agreed to once is not asked for anew. */
export function choiceAgain(log: DeploymentLog | undefined): Choice | undefined {
  const choice = choiceOf(log?.request ?? {});
  return choice?.approval === "plan" && isAccepted(log) ? { ...choice, approval: "never" } : choice;
}

export interface SnapshotItem {
  readonly label: string;
  readonly description: string;
  readonly choice: { readonly dirty: boolean };
}

/** HEAD and working tree of a folder: what is left out, or taken, is said where it is known. */
export function snapshotItems(repo: RepoFacts | undefined): SnapshotItem[] {
  const source = repo?.source;
  if (source?.kind === "working_tree") {
    return [{ label: "Working tree", description: "the folder has no commit yet", choice: { dirty: true } }];
  }
  const changed = source?.uncommitted ?? 0;
  const left = changed > 0 ? `HEAD (${counted(changed, "uncommitted file")} left out)` : "HEAD";
  const none = source?.uncommitted === 0 ? "no uncommitted files" : "";
  const tree = changed > 0 ? `with ${counted(changed, "uncommitted file")}` : none;
  return [
    { label: left, description: joined(" ", source?.ref, source?.commit?.slice(0, 10)), choice: { dirty: false } },
    { label: "Working tree", description: tree, choice: { dirty: true } },
  ];
}

/** Sub-folders to choose from: none where the root can be deployed and nothing else could be. */
export function subdirItems({ repo }: AnalyzeResult): { label: string; description: string; subdir: string }[] {
  const candidates = (repo.candidates ?? []).map(({ path, kind }) => ({ label: path, description: kind, subdir: path }));
  const best = repo.detections?.[0];
  const runnable = best?.runnable === true && !best.refusal;
  const root = { label: "The whole repository", description: best?.framework || best?.project_type || "", subdir: "" };
  return candidates.length === 0 ? [] : runnable ? [root, ...candidates] : candidates;
}
