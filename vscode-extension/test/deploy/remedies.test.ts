import { expect, it } from "vitest";
import { remediesOf } from "../../src/deploy/remedies";
import type { Kind } from "../../src/protocol";

/** Label and example of what is asked for, as the server's recipes word their suggestions. */
function asked(kind: Kind, ...suggestions: string[]): [string, string][] {
  return remediesOf({ kind, suggestions }).map(({ label, example }) => [label, example]);
}

it("asks for the option that a refusal names, with the value it gives", () => {
  expect(asked("no_start_command", 'Say how to start it: `--start "node open.js"`.', "Or add a `start` script.")).toEqual([
    ["Set Start Command…", "node open.js"],
  ]);
  expect(asked("no_runnable_at_root", "Name a folder inside of it: `--output-dir public`.")).toEqual([
    ["Set Output Folder…", "public"],
  ]);
});

it("takes no placeholder for a value, and puts the most useful first", () => {
  const told = "Say how to deploy it: `--install '…' --build '…' --start '…'` (PORT and HOST are set).";
  expect(asked("unsupported_ecosystem", told)).toEqual([
    ["Set Start Command…", ""],
    ["Set Build Command…", ""],
    ["Set Install Command…", ""],
  ]);
  expect(asked("required_env_missing", "Give the values: `--env SECRET_KEY=…`, or `--env-file FILE`.")).toEqual([
    ["Choose Env File…", ""],
  ]);
});

it("asks for nothing where no option helps", () => {
  expect(asked("missing_tool", "Install git.")).toEqual([]);
  expect(asked("invalid_request", "Leave --recipe out, or name one of node, static.")).toEqual([]);
  expect(asked("subdir_not_found")).toEqual([["Choose Folder…", ""]]);
});
