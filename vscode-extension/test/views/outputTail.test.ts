import { expect, it } from "vitest";
import { LONGEST, OutputTail } from "../../src/views/outputTail";

/** A file as the server reads it: by bytes, and what is cut of a character becomes U+FFFD. */
class File {
  bytes = Buffer.alloc(0);
  asked: number[] = [];
  readonly tail = new OutputTail(async (offset, limit) => {
    this.asked.push(offset);
    const data = this.bytes.subarray(offset, offset + limit);
    return { text: data.toString("utf8"), offset, nextOffset: offset + data.length, size: this.bytes.length };
  });

  write(data: string | Buffer): void {
    this.bytes = Buffer.concat([this.bytes, Buffer.from(data as string)]);
  }
}

it("reads on from where it was", async () => {
  const file = new File();
  await file.tail.read();
  expect(file.tail.text).toBe("");
  file.write("one\n");
  await Promise.all([file.tail.read(), file.tail.read()]);
  file.write("two\n");
  await file.tail.read();
  expect(file.tail.text).toBe("one\ntwo\n");
  expect(file.tail.leftOut).toBe(0);
  expect(file.asked).toEqual([0, 0, 4, 4]);
});

it("keeps characters whole that are cut between two parts", async () => {
  const file = new File();
  const euro = Buffer.from("€");
  file.write(Buffer.concat([Buffer.from("5 "), euro.subarray(0, 2)]));
  await file.tail.read();
  expect(file.tail.text).toBe("5 ");
  file.write(euro.subarray(2));
  file.write("\n");
  await file.tail.read();
  expect(file.tail.text).toBe("5 €\n");
  const long = new File();
  long.write(`${"a".repeat(1_048_575)}€${"b".repeat(10)}`);
  await long.tail.read();
  expect(long.tail.text).toBe(long.bytes.toString());
});

it("shows the end of a long one in whole lines, and how much comes before", async () => {
  const file = new File();
  const line = `${"x".repeat(99)}\n`;
  file.write(line.repeat(120_000));
  file.write("last\n");
  await file.tail.read();
  expect(file.tail.text.startsWith("xxx")).toBe(true);
  expect(file.tail.text.endsWith("\nlast\n")).toBe(true);
  expect(file.tail.text.length).toBeLessThanOrEqual(LONGEST);
  expect(file.tail.leftOut + file.tail.text.length).toBe(file.bytes.length);
  expect(file.tail.leftOut % line.length).toBe(0);
  file.write(line.repeat(1000));
  await file.tail.read();
  expect(file.tail.text.length).toBeLessThanOrEqual(LONGEST);
  expect(file.tail.leftOut + file.tail.text.length).toBe(file.bytes.length);
});
