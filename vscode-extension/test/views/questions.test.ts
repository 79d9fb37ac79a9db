import { beforeEach, expect, it, vi } from "vitest";
import type { Question } from "../../src/protocol";
import type { Change, Deployment } from "../../src/state/store";

const shown: { message: string; modal: boolean; buttons: string[]; detail?: string }[] = [];
const does: (string | undefined)[] = [];
vi.mock("vscode", () => {
  const show = async (message: string, ...rest: unknown[]): Promise<string | undefined> => {
    const options = typeof rest[0] === "object" ? (rest.shift() as { modal: boolean; detail: string }) : undefined;
    shown.push({ message, modal: options?.modal === true, detail: options?.detail, buttons: rest as string[] });
    return does.shift();
  };
  return { window: { showInformationMessage: show, showWarningMessage: show } };
});
const { Questions } = await import("../../src/views/questions");

const risky: Question = {
  questionId: "q1",
  kind: "confirm",
  message: "Run `rm -rf data …`?",
  detail: "rm -rf data\nrm -rf more",
  risk: "high",
  default: "no",
  options: [
    { id: "yes", label: "Run it" },
    { id: "no", label: "Do not run it" },
  ],
};

/** What is sent when a deployment asks this, and the user presses that. */
async function asked(question: Question, pressed: (string | undefined)[], controllable?: boolean): Promise<unknown[]> {
  does.push(...pressed);
  const sent: unknown[] = [];
  let tell: (change: Change) => void = () => undefined;
  const deployment = {
    id: "d1",
    summary: { repo: "/shop", status: "running", controllable },
    log: { pending_question: question },
  } as unknown as Deployment;
  const onDidChange = (listener: typeof tell): void => {
    tell = listener;
  };
  const store = { get: () => deployment, onDidChange };
  const send = async (_: string, { optionId }: { optionId?: string }): Promise<void> => void sent.push(optionId);
  new Questions(store as never, send as never, { offers: () => false } as never);
  tell({ kind: "loaded", deployment });
  await new Promise((resolve) => setTimeout(resolve));
  return sent;
}

beforeEach(() => {
  shown.length = 0;
  does.length = 0;
});

it("tells of a risky command, and opens a modal only after a click, with the safe answer first", async () => {
  expect(await asked(risky, [undefined])).toEqual([]);
  expect(shown).toEqual([{ message: "shop: Run `rm -rf data …`?", modal: false, buttons: ["Review…"] }]);
  shown.length = 0;
  expect(await asked(risky, ["Review…", "Run it"])).toEqual(["yes"]);
  expect(shown[1]).toMatchObject({ modal: true, buttons: ["Do not run it", "Run it"], detail: risky.detail });
});

it("has the no first where nobody said what silence means", async () => {
  const { default: _, ...open } = risky;
  await asked(open, ["Review…"]);
  expect(shown[1]?.buttons).toEqual(["Do not run it", "Run it"]);
});

it("leaves what a terminal asks to the terminal", async () => {
  expect(await asked(risky, ["Review…", "Run it"], false)).toEqual([]);
  expect(shown).toEqual([]);
});
