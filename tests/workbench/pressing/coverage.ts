/** Whether each entry has a case, and each case an entry; quick to tell, since nothing is pressed for it. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { APP_RUNS, APP_STOPPED, NOTHING_DEPLOYED, QUESTION, running, SUCCESS } from "./cases.ts";
import { ELSEWHERE, EMPTY_WINDOW, NO_SERVER, SERVER_STARTS, UNTRUSTED, UNTRUSTED_FAILED, UNTRUSTED_SUCCESS } from "./edges.ts";
import { CANCELLED, failed, IN_TERMINAL, REFUSED } from "./ends.ts";
import { entriesOf, type Key, type Manifest, readManifest, readSources } from "./entries.ts";

const APP = { folder: "", control: "", set: () => undefined };
const SCENES = [
  ...[NOTHING_DEPLOYED, QUESTION, CANCELLED, running(APP), IN_TERMINAL, failed(APP), SUCCESS, APP_RUNS, APP_STOPPED, REFUSED],
  ...[UNTRUSTED, UNTRUSTED_FAILED, UNTRUSTED_SUCCESS, EMPTY_WINDOW, NO_SERVER, SERVER_STARTS],
].flat();

/** How often each entry is pressed, in different states. */
function pressed(): Map<Key, number> {
  const keys = SCENES.flatMap(({ presses }) =>
    Object.entries(presses).flatMap(([key, sight]) => (typeof sight === "object" ? key : [])),
  );
  const counts = new Map<Key, number>();
  for (const key of [...keys, ...Object.keys(ELSEWHERE)]) {
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** What is wrong with the cases for this manifest, in words. */
export function faultsOf(manifest: Manifest = readManifest(), sources = readSources().map(({ text }) => text)): string[] {
  const entries = entriesOf(manifest, sources);
  const cases = pressed();
  const without = [...entries].filter(([key, times]) => (cases.get(key) ?? 0) < times).map(([key]) => `nothing presses: ${key}`);
  const ours = [...cases.keys()].filter((key) => key !== "click" && !key.startsWith("option "));
  const gone = ours.filter((key) => !entries.has(key)).map((key) => `there is no such entry any more: ${key}`);
  const elsewhere = Object.entries(ELSEWHERE).flatMap(([key, [file, words]]) => {
    const text = readFileSync(path.join(import.meta.dirname, "..", file), "utf-8");
    return text.includes(words) ? [] : [`${file} does not press it any more: ${key}`];
  });
  return [...without, ...gone, ...elsewhere];
}
