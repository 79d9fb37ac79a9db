/** Terminal output as plain lines: colours and cursor movements are left out, a redrawn line shows its last state. */

// CSI, OSC (ended by BEL or ST), other strings, and two-character escapes
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
const ESCAPE = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[PX^_][^\u001b]*\u001b\\|[ -/]*[0-~])/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the rest that no editor shows
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;
/** An escape may be cut between two chunks; one that is longer than this is not one. */
const LONGEST_ESCAPE = 4096;

export function stripAnsi(text: string): string {
  return text.replace(ESCAPE, "").replace(/\r+\n/g, "\n").split("\n").map(lastState).join("\n").replace(CONTROL, "");
}

function lastState(line: string): string {
  const kept = line.replace(/\r+$/, "");
  return kept.slice(kept.lastIndexOf("\r") + 1);
}

/** One stream of output that comes in chunks; gives whole lines as they become complete. */
export class LineStream {
  private rest = "";

  /** The lines that are complete now, each with its newline; "" when there is none. */
  push(chunk: string): string {
    this.rest += chunk;
    const end = this.rest.lastIndexOf("\n") + 1;
    const complete = this.rest.slice(0, end);
    this.rest = this.rest.slice(end);
    const redrawn = this.rest.lastIndexOf("\r");
    if (this.rest.length > LONGEST_ESCAPE && redrawn > 0 && redrawn < this.rest.length - 1) {
      this.rest = this.rest.slice(redrawn + 1);
    }
    return stripAnsi(complete);
  }

  /** What is left when the stream has ended, with a newline. */
  end(): string {
    const last = stripAnsi(this.rest);
    this.rest = "";
    return last === "" ? "" : `${last}\n`;
  }
}
