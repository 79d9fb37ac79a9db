/** The end of one command's output: only what is new is fetched while it grows. */
import type { OutputResult } from "../protocol";

/** Ask for a part of the output, in bytes. */
export type Fetch = (offset: number, limit: number) => Promise<OutputResult>;

const CHUNK = 1_048_576;
/** More of an output than this (its end) is not shown; the file beside the log has all of it. */
export const LONGEST = 8 * CHUNK;
/** What a character that was cut at the end of a part is read as. */
const CUT = "\ufffd";

export class OutputTail {
  private kept = "";
  private next = 0;
  /** Bytes before what is kept. */
  private left = 0;
  private reading: Promise<void> = Promise.resolve();

  constructor(private readonly fetch: Fetch) {}

  /** Read on to the present end: one reading after the other. */
  read(): Promise<void> {
    this.reading = this.reading.catch(() => undefined).then(() => this.readOn());
    return this.reading;
  }

  get text(): string {
    return this.kept;
  }

  /** Bytes of the output that come before `text`. */
  get leftOut(): number {
    return this.left;
  }

  private async readOn(): Promise<void> {
    for (;;) {
      const part = await this.part();
      if (part.size - this.next > LONGEST) {
        this.skipTo(part.size - LONGEST);
        continue;
      }
      const isFirst = this.kept === "" && this.left > 0;
      this.kept += part.text;
      const moved = part.nextOffset > this.next;
      this.next = part.nextOffset;
      if (isFirst) {
        this.drop(this.kept.indexOf("\n") + 1); // its beginning is somewhere in a line
      }
      this.shorten();
      if (!moved || part.nextOffset >= part.size) {
        return;
      }
    }
  }

  private skipTo(offset: number): void {
    this.kept = "";
    this.next = offset;
    this.left = offset;
  }

  /** The next part; where a character was cut at its end, without that. */
  private async part(): Promise<OutputResult> {
    const whole = await this.fetch(this.next, CHUNK);
    const length = whole.nextOffset - whole.offset;
    for (let cut = 1; whole.text.endsWith(CUT) && cut <= 3 && cut < length; cut++) {
      const part = await this.fetch(this.next, length - cut);
      if (!part.text.endsWith(CUT)) {
        return whole.nextOffset < whole.size ? part : { ...part, size: part.nextOffset }; // the rest of it is not written yet
      }
    }
    return whole;
  }

  private shorten(): void {
    const over = this.kept.length - LONGEST;
    if (over > 0) {
      this.drop(this.kept.indexOf("\n", over) + 1 || over);
    }
  }

  private drop(characters: number): void {
    this.left += Buffer.byteLength(this.kept.slice(0, characters));
    this.kept = this.kept.slice(characters);
  }
}
