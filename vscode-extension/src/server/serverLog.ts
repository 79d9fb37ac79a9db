/** What the server writes to standard error, a line each, at the level that the line names. */
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { LogOutputChannel } from "vscode";

const LEVELS = { DEBUG: "debug", INFO: "info", WARNING: "warn" } as const;
/** "2026-11-30 23:18:38,560 INFO auto_deployer.lsp.server: ends: exit"; the channel adds a time of its own. */
const RECORD = new RegExp(`^\\S+ \\S+ (${Object.keys(LEVELS).join("|")}) (.*)$`);

/** A line that names none is an error: a traceback, or what Python says before there is a server. */
export function logAtItsLevel(input: Readable, log: Pick<LogOutputChannel, "debug" | "info" | "warn" | "error">): void {
  createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }).on("line", (line) => {
    const [, level, message = ""] = RECORD.exec(line) ?? [];
    if (level === undefined) {
      log.error(line);
    } else {
      log[LEVELS[level as keyof typeof LEVELS]](message);
    }
  });
}
