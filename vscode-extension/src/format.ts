/** Times and names as people read them: short for the eye, in words for a screen reader. */

const LONGEST_COMMAND = 300;

/** "0.4s", "12s", "2m 05s", "1h 03m". */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) {
    return `${seconds.toFixed(1)}s`;
  }
  const whole = Math.round(seconds);
  if (whole < 60) {
    return `${whole}s`;
  }
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) {
    return `${minutes}m ${two(whole % 60)}s`;
  }
  return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
}

/** Of what still runs, in whole seconds: "7s", "2m 05s". */
export function elapsed(ms: number): string {
  return ms < 60_000 ? `${Math.max(0, Math.floor(ms / 1000))}s` : duration(ms);
}

/** "2 minutes 5 seconds": read aloud, "2m" would be a letter. */
export function durationInWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds === 0) {
    return "less than a second";
  }
  const parts: [number, string][] = [
    [Math.floor(seconds / 3600), "hour"],
    [Math.floor((seconds % 3600) / 60), "minute"],
    [seconds % 60, "second"],
  ];
  return parts
    .filter(([count]) => count > 0)
    .slice(0, 2)
    .map(([count, unit]) => counted(count, unit))
    .join(" ");
}

/** The time of day where it was today, otherwise the date too. */
export function clock(then: number, now: number): string {
  const [at, today] = [new Date(then), new Date(now)];
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return at.toDateString() === today.toDateString() ? time : `${date} ${time}`;
}

/** Milliseconds of a time of the log, 0 when it has none. Without an offset it is local, as format 2.0 writes times. */
export function moment(time: string | null | undefined): number {
  const parsed = time ? Date.parse(time) : Number.NaN;
  return Number.isNaN(parsed) ? 0 : parsed;
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** The last part of a repository's URL or path: "shop" of "https://host/ada/shop.git". */
export function repositoryName(repo: string): string {
  const last = repo
    .replace(/[/\\]+$/, "")
    .split(/[/\\:]/)
    .at(-1);
  return (last ?? "").replace(/\.git$/, "") || repo;
}

/** The first line, at most `width` characters. */
export function oneLine(text: string, width = 120): string {
  const line = text.trim().split("\n", 1)[0] ?? "";
  const more = line.length < text.trim().length || line.length > width;
  return more ? `${line.slice(0, width - 1).trimEnd()}…` : line;
}

/** The line that says it: the first one, or of a Python traceback the last. */
export function brief(text: string, width = 200): string {
  const [head = "", trace] = text.trim().split("Traceback (most recent call last):", 2);
  return trace === undefined ? oneLine(head, width) : oneLine(`${head.trim()} ${trace.trim().split("\n").at(-1)?.trim()}`, width);
}

/** What failed, and the last that it said: "`npm run build` failed with exit code 3: the shelf is missing". */
export function firstAndLast(text: string, width = 160): string {
  const lines = text.trim().split("\n");
  const [first = "", last = ""] = [lines[0], lines.slice(1).at(-1)].map((line) => oneLine(line ?? "", width));
  return last === "" ? first : `${first.replace(/\.$/, "")}: ${last}`;
}

/** A command as people read it: one of ours may be a script of a hundred lines. */
export function shortCommand(command: string): string {
  return command.length > LONGEST_COMMAND ? oneLine(command, LONGEST_COMMAND) : command;
}

/** Sentences in a row, each with its full stop. */
export function sentences(...all: string[]): string {
  return all.map((text) => text.trim().replace(/[^.!?…:]$/, "$&.")).join(" ");
}

/** Parts of a sentence, the empty ones left out. */
export function joined(separator: string, ...parts: (string | false | null | undefined)[]): string {
  return parts.filter((part): part is string => typeof part === "string" && part !== "").join(separator);
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
