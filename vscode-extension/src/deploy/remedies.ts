/** What the user can add so that a refused plan becomes possible: the options that the refusal's suggestions name. */
import type { Overrides, Reason } from "../protocol";

export interface Remedy {
  /** Of a button: "Set Start Command…". */
  readonly label: string;
  readonly prompt: string;
  readonly asks: keyof Overrides | "subdir" | "envFile";
  /** The value that a suggestion gives, where it gives one. */
  readonly example: string;
}

/** By the name of the option; the most useful first. */
const OPTIONS: Record<string, Omit<Remedy, "example">> = {
  start: { label: "Set Start Command…", prompt: "The command that starts it (PORT and HOST are set)", asks: "start" },
  subdir: { label: "Choose Folder…", prompt: "The folder to deploy, inside the repository", asks: "subdir" },
  env: { label: "Choose Env File…", prompt: "Variables for the app", asks: "envFile" },
  "output-dir": { label: "Set Output Folder…", prompt: "The folder of the built files", asks: "outputDir" },
  build: { label: "Set Build Command…", prompt: "The command that builds it", asks: "build" },
  install: { label: "Set Install Command…", prompt: "The command that installs what it needs", asks: "install" },
  "health-path": { label: "Set Health Path…", prompt: "The path that must answer", asks: "healthPath" },
  recipe: { label: "Set Recipe…", prompt: "The recipe that deploys it", asks: "recipe" },
};

const GIVEN = /`(--[^`]*)`/g;
const OPTION = /--([a-z-]+?)(?:-file)? ("[^"]*"|'[^']*'|\S+)/g;
const PLACEHOLDER = /…|[A-Z]{4}/;

export function remediesOf({ kind, suggestions }: Pick<Reason, "kind" | "suggestions">): Remedy[] {
  const examples = new Map<string, string>(kind === "subdir_not_found" ? [["subdir", ""]] : []);
  for (const [, options = ""] of (suggestions ?? []).flatMap((suggestion) => [...suggestion.matchAll(GIVEN)])) {
    for (const [, name = "", value = ""] of options.matchAll(OPTION)) {
      const example = value.replace(/^["']|["']$/g, "");
      examples.set(name, examples.get(name) || (PLACEHOLDER.test(example) ? "" : example));
    }
  }
  return Object.entries(OPTIONS).flatMap(([name, option]) => {
    const example = examples.get(name);
    return example === undefined ? [] : [{ ...option, example }];
  });
}
