import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { logAtItsLevel } from "../../src/server/serverLog";

it("logs each line at its level; what names none is an error", async () => {
  const told: string[][] = [];
  const at = (level: string) => (line: string) => void told.push([level, line]);
  const input = new PassThrough();
  logAtItsLevel(input, { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") });
  input.end(
    "2026-11-30 23:18:38,560 INFO auto_deployer.lsp.server: ends: exit\r\n" +
      "2026-11-30 23:18:38,561 WARNING auto_deployer.runner: slow\n" +
      "2026-11-30 23:18:38,562 ERROR auto_deployer.lsp: lost\n" +
      "Traceback (most recent call last):",
  );
  await expect.poll(() => told).toHaveLength(4);
  expect(told).toEqual([
    ["info", "auto_deployer.lsp.server: ends: exit"],
    ["warn", "auto_deployer.runner: slow"],
    ["error", "2026-11-30 23:18:38,562 ERROR auto_deployer.lsp: lost"],
    ["error", "Traceback (most recent call last):"],
  ]);
});
