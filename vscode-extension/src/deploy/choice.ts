/** What a user chose to deploy, how that reads in a list, and the request it becomes. */
import { counted, joined, oneLine, repositoryName } from "../format";
import type { AnalyzeResult, DeploymentLog, Overrides, RepoFacts, SourceParams, StartParams } from "../protocol";
import { withoutLogin } from "./text";

/** A request without what belongs to one deployment alone. Approval "never": as the settings say. */
export type Choice = Omit<StartParams, "deploymentId" | "env" | "nonInteractive"> & {
  readonly target: string;
  readonly approval: NonNullable<StartParams["approval"]>;
};

/** A folder of this machine rather than a URL. */
export function isFolder({ repo }: Pick<Choice, "repo">): boolean {
  return /^([/\\]|[A-Za-z]:[/\\])/.test(repo);
}

/** What analysing and planning take: the choice without what matters only to a start. */
export function sourceParams({ approval: _, groupId: __, shared: ___, subdirs: ____, ...params }: Choice): SourceParams {
  return params;
}

/** Without a plan to be approved it is left to the settings what needs approval. */
export function startParams({ approval, ...params }: Choice, deploymentId: string): StartParams {
  return { ...params, ...(approval === "never" ? {} : { approval }), deploymentId };
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
    appName(choice),
    choice.dirty ? "working tree" : (choice.ref ?? "HEAD"),
    targetName(choice.target),
    choice.envFile && `with ${choice.envFile.split(/[/\\]/).at(-1)}`,
  );
}

/** "market/kiosk", or of several "market/kiosk, shop". */
export function appName({ repo, subdir, subdirs }: Choice): string {
  return joined("/", repositoryName(repo), subdirs?.join(", ") ?? subdir);
}

/** "start: node server.js, build: make": what the app was told after refusals. */
export function describeOverrides(overrides?: Overrides): string {
  return Object.entries(overrides ?? {})
    .flatMap(([name, value]) => (value ? [`${name}: ${oneLine(value, 60)}`] : []))
    .join(", ");
}

export function targetName(target: string): string {
  return target === "local" ? "this machine" : target;
}

/** The choice that began a deployment, from the request its log keeps: without the values of `env`, which it does not keep. */
export function choiceOf(request: Record<string, unknown>): Choice | undefined {
  const { deploymentId: _, env: __, nonInteractive: ___, subdirs: ____, ...given } = request;
  const isSet = (value: unknown): boolean => (typeof value === "object" ? Object.keys(value ?? {}).length > 0 : Boolean(value));
  const choice = {
    target: "local",
    approval: "never",
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => isSet(value))),
  };
  return "repo" in choice ? ({ ...choice, repo: withoutLogin(String(choice.repo)) } as Choice) : undefined;
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

/** The choice to deploy a folder as it is now, edits included; with a ref it is what that names now. */
export function asItIsNow(choice: Choice): Choice {
  return choice.ref || !isFolder(choice) ? choice : { ...choice, dirty: true };
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
