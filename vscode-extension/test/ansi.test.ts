import { describe, expect, it } from "vitest";
import { LineStream, stripAnsi } from "../src/ansi";

describe("stripAnsi", () => {
  it.each([
    ["\u001b[32mok\u001b[0m", "ok"],
    ["\u001b[1;38;5;196mred\u001b[m", "red"],
    ["\u001b]8;;https://example.org\u0007link\u001b]8;;\u0007", "link"],
    ["\u001b[2K\u001b[1Gdone", "done"],
    ["a\u0000b\u0007c\td", "abc\td"],
    ["one\r\ntwo\r\r\n", "one\ntwo\n"],
    ["10%\r50%\r100%\nend", "100%\nend"],
  ])("%j becomes %j", (raw, plain) => {
    expect(stripAnsi(raw)).toBe(plain);
  });
});

describe("a stream of output", () => {
  it("gives whole lines, wherever the chunks are cut", () => {
    const raw = "\u001b[32mbuilding\u001b[0m\n10%\r50%\r100%\r\nlast";
    for (let cut = 1; cut < raw.length; cut++) {
      const stream = new LineStream();
      expect(stream.push(raw.slice(0, cut)) + stream.push(raw.slice(cut)) + stream.end()).toBe("building\n100%\nlast\n");
    }
  });

  it("keeps only the last state of a progress bar that never ends its line", () => {
    const stream = new LineStream();
    for (let percent = 0; percent < 5_000; percent++) {
      expect(stream.push(`\r${percent}% ${"#".repeat(50)}`)).toBe("");
    }
    expect(JSON.stringify(stream).length).toBeLessThan(10_000);
    expect(stream.end()).toBe(`4999% ${"#".repeat(50)}\n`);
    expect(stream.end()).toBe("");
  });
});
