import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Refresh } from "../../src/tree/refresh";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("tells of 2,000 changes in two seconds eight times, with the rests that VS Code waits for", () => {
  const at: number[] = [];
  const refresh = new Refresh<string>(() => at.push(Date.now()));
  for (let change = 0; change < 2000; change++) {
    refresh.add("step");
    vi.advanceTimersByTime(1);
  }
  vi.runAllTimers();
  expect(at).toHaveLength(8);
  expect(at.every((time, index) => index === 0 || time - (at[index - 1] ?? 0) > 200)).toBe(true);
});

it("tells each once, and only all where all has changed", () => {
  const told: (string | undefined)[] = [];
  const refresh = new Refresh<string>((changed) => told.push(changed));
  ["a", "b", "a"].forEach((changed) => void refresh.add(changed));
  vi.runAllTimers();
  ["a", undefined, "b"].forEach((changed) => void refresh.add(changed));
  vi.runAllTimers();
  refresh.add("c");
  refresh.dispose();
  vi.runAllTimers();
  expect(told).toEqual(["a", "b", undefined]);
});
