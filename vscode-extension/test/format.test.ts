import { expect, it } from "vitest";
import {
  brief,
  clock,
  duration,
  durationInWords,
  elapsed,
  firstAndLast,
  moment,
  oneLine,
  repositoryName,
  sentences,
  shortCommand,
} from "../src/format";

it.each([
  [0, "0.0s"],
  [420, "0.4s"],
  [9_960, "10s"],
  [59_700, "1m 00s"],
  [125_000, "2m 05s"],
  [3_780_000, "1h 03m"],
])("%i ms is %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

it("counts whole seconds of what runs", () => {
  expect([elapsed(-5), elapsed(7_900), elapsed(61_000)]).toEqual(["0s", "7s", "1m 01s"]);
});

it("says durations in words", () => {
  expect(durationInWords(300)).toBe("less than a second");
  expect(durationInWords(61_000)).toBe("1 minute 1 second");
  expect(durationInWords(7_205_000)).toBe("2 hours 5 seconds");
});

it("shows the date only of another day", () => {
  const now = Date.parse("2026-11-24T12:00:00Z");
  expect(clock(now - 3_600_000, now)).toBe("11:00");
  expect(clock(now - 86_400_000, now)).toBe("2026-11-23 12:00");
});

it("reads times with and without offset, and none", () => {
  expect(moment("2026-11-24T08:00:00.123456+00:00")).toBe(moment("2026-11-24T08:00:00.123456"));
  expect([moment(""), moment(null), moment("never")]).toEqual([0, 0, 0]);
});

it.each([
  ["https://host.example/ada/shop.git", "shop"],
  ["git@host.example:ada/shop.git", "shop"],
  ["/home/ada/shop/", "shop"],
  ["C:\\work\\shop", "shop"],
])("%s is called %s", (repo, name) => {
  expect(repositoryName(repo)).toBe(name);
});

it("shortens to one line and says so", () => {
  expect(oneLine("npm ci\nnpm run build")).toBe("npm ci…");
  expect(oneLine("x".repeat(200), 10)).toBe(`${"x".repeat(9)}…`);
  expect(oneLine(" npm ci ")).toBe("npm ci");
});

it("takes of a traceback what it ends with", () => {
  const trace = 'Traceback (most recent call last):\n  File "host.py", line 3\nOSError: disk full\n';
  expect(brief(`It did not come up: ${trace}`)).toBe("It did not come up: OSError: disk full");
  expect(brief("one\ntwo")).toBe("one…");
});

it("says what failed, and the last that it said", () => {
  const detail = "`npm run build` failed with exit code 3.\nIt printed:\nthe shelf is missing";
  expect(firstAndLast(detail)).toBe("`npm run build` failed with exit code 3: the shelf is missing");
  expect([firstAndLast("alone."), firstAndLast("")]).toEqual(["alone.", ""]);
});

it("shows long commands by their first line", () => {
  const script = `cat > keeper <<'E'\n${"echo\n".repeat(100)}E`;
  expect([shortCommand(script), shortCommand("a\nb")]).toEqual(["cat > keeper <<'E'…", "a\nb"]);
});

it("ends sentences with a full stop", () => {
  expect(sentences("No such key", "Set it!")).toBe("No such key. Set it!");
});
