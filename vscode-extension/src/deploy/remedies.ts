/** What a refusal suggests: as text for people, and what the user can add so that a refused plan becomes possible. */
import type { Overrides, Reason, Suggestion } from "../protocol";

export interface Remedy {
  /** Of a button: "Set Start Command…". */
  readonly label: string;
  readonly prompt: string;
  readonly asks: keyof Overrides | "subdir" | "ref" | "envFile";
  /** The values that are suggested, where there are any. */
  readonly values: readonly string[];
}

type Option = NonNullable<Suggestion["option"]>;

/** The most useful first. */
const REMEDIES: [Option, Omit<Remedy, "values">][] = [
  ["overrides.start", { label: "Set Start Command…", prompt: "The command that starts it (PORT and HOST are set)", asks: "start" }],
  ["subdir", { label: "Choose Folder…", prompt: "The folder to deploy, inside the repository", asks: "subdir" }],
  ["ref", { label: "Choose Branch or Tag…", prompt: "The branch, tag or commit to deploy", asks: "ref" }],
  ["env", { label: "Choose Env File…", prompt: "Variables for the app", asks: "envFile" }],
  ["overrides.outputDir", { label: "Set Output Folder…", prompt: "The folder of the built files", asks: "outputDir" }],
  ["overrides.build", { label: "Set Build Command…", prompt: "The command that builds it", asks: "build" }],
  ["overrides.install", { label: "Set Install Command…", prompt: "The command that installs what it needs", asks: "install" }],
  ["overrides.healthPath", { label: "Set Health Path…", prompt: "The path that must answer", asks: "healthPath" }],
  ["overrides.recipe", { label: "Set Recipe…", prompt: "The recipe that deploys it", asks: "recipe" }],
];

export function remediesOf(reason: Pick<Reason, "suggestions">): Remedy[] {
  const suggested = suggestionsOf(reason);
  return REMEDIES.flatMap(([name, remedy]) => {
    const found = suggested.filter(({ option }) => (option === "envFile" ? "env" : option) === name);
    const values = remedy.asks === "envFile" ? [] : found.flatMap(({ value }) => value ?? []);
    return found.length === 0 ? [] : [{ ...remedy, values }];
  });
}

/** Each suggestion as people read it here: "Say how to start it: node server.js". */
export function suggestionTexts(reason: Pick<Reason, "suggestions">): string[] {
  return suggestionsOf(reason).map(({ text, value, command }) => {
    const given = command ?? value;
    return given ? `${text.replace(/\.$/, "")}: ${given}` : text;
  });
}

/** Logs that were written before have texts alone. */
function suggestionsOf({ suggestions }: Pick<Reason, "suggestions">): Suggestion[] {
  return (suggestions ?? []).map((suggestion: Suggestion | string) =>
    typeof suggestion === "string" ? { text: suggestion } : suggestion,
  );
}
