import { expect, it } from "vitest";
import { remediesOf, suggestionTexts } from "../../src/deploy/remedies";
import type { Suggestion } from "../../src/protocol";

/** Label and values of what is asked for. */
function asked(...suggestions: Suggestion[]): [string, readonly string[]][] {
  return remediesOf({ suggestions }).map(({ label, values }) => [label, values]);
}

it("asks for the option that a refusal names, with the value it gives", () => {
  const start: Suggestion = { text: "Say how to start it", option: "overrides.start", value: "node open.js" };
  expect(asked(start, { text: "Or add a `start` script." })).toEqual([["Set Start Command…", ["node open.js"]]]);
  expect(asked({ text: "Name a folder inside of it", option: "overrides.outputDir", value: "public" })).toEqual([
    ["Set Output Folder…", ["public"]],
  ]);
});

it("puts the most useful first, and gathers the values of one option", () => {
  expect(
    asked(
      { text: "And how to install", option: "overrides.install" },
      { text: "Deploy a sub-folder (node)", option: "subdir", value: "shop" },
      { text: "Deploy a sub-folder (python)", option: "subdir", value: "my kiosk" },
      { text: "Say how to start it", option: "overrides.start", value: null },
    ),
  ).toEqual([
    ["Set Start Command…", []],
    ["Choose Folder…", ["shop", "my kiosk"]],
    ["Set Install Command…", []],
  ]);
});

it("asks for a file of variables once", () => {
  const value: Suggestion = { text: "Give its value", option: "env", value: "SECRET_KEY" };
  expect(asked(value, { text: "Or give them in a file", option: "envFile" })).toEqual([["Choose Env File…", []]]);
});

it("asks for nothing where no option helps, and parses no text", () => {
  expect(asked({ text: "Install git.", command: "sudo apt install git" })).toEqual([]);
  expect(asked({ text: "Say it: `--start 'node a.js'`." })).toEqual([]);
  expect(remediesOf({})).toEqual([]);
});

it("shows what to give and what to type behind the text; logs written before have texts alone", () => {
  const before = "Deploy another." as unknown as Suggestion;
  const start: Suggestion = { text: "Say how to start it.", option: "overrides.start", value: "node a.js" };
  const suggestions = [start, { text: "Install it", command: "brew install git" }, before];
  expect(suggestionTexts({ suggestions })).toEqual([
    "Say how to start it: node a.js",
    "Install it: brew install git",
    "Deploy another.",
  ]);
  expect(asked(before)).toEqual([]);
});
