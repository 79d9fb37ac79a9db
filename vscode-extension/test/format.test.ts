import { expect, it } from "vitest";
import { clock, duration, durationInWords, elapsed, moment, oneLine, repositoryName } from "../src/format";

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
