import { beforeEach, expect, describe as group, it, vi } from "vitest";
import { Memory } from "../../src/deploy/memory";
import type { Question } from "../../src/protocol";
import type { Change, Deployment } from "../../src/state/store";

const ENTERPRISE = "https://git.example.org:8443";
const TOKEN = "gho_of-the-editor";
const editor = {
  asked: [] as unknown[],
  /** What the user presses, types and chooses, in this order. */
  does: [] as unknown[],
  granted: false,
};
const next = (): Promise<unknown> => Promise.resolve(editor.does.shift());

vi.mock("vscode", () => ({
  workspace: { getConfiguration: () => ({ get: () => ENTERPRISE }) },
  authentication: {
    getSession: async (provider: string, scopes: string[], options: { silent?: boolean; createIfNone?: boolean }) => {
      editor.asked.push([provider, scopes, options]);
      editor.granted ||= options.createIfNone === true;
      return editor.granted ? { accessToken: TOKEN } : undefined;
    },
  },
  window: { showInformationMessage: next, showInputBox: next },
}));
vi.mock("../../src/views/pick", () => ({ pickOne: next }));

const { GitHubSignIn, SIGN_IN, TOKEN: BY_HAND } = await import("../../src/views/gitHub");
const { Questions } = await import("../../src/views/questions");
const { withLogin } = await import("../../src/commands/login");

function memory(kept = new Map<string, unknown>()): { memory: Memory; kept: Map<string, unknown> } {
  const memento = {
    get: <T>(key: string, fallback: T) => (kept.get(key) as T | undefined) ?? fallback,
    update: async (key: string, value: unknown) => void kept.set(key, structuredClone(value)),
  };
  return { memory: new Memory(memento), kept };
}

beforeEach(() => {
  Object.assign(editor, { asked: [], does: [], granted: false });
});

group("the editor's sign-in", () => {
  it.each([
    ["https://github.com/ada/shop.git", true],
    [`${ENTERPRISE}/ada/shop`, true],
    ["https://ada:old@github.com/ada/shop", true],
    ["https://github.com.example.org/ada/shop", false],
    ["https://github.com:444/ada/shop", false],
    ["https://git.example.org/ada/shop", false],
    ["http://github.com/ada/shop", false],
    ["git@github.com:ada/shop.git", false],
    ["ssh://git@github.com/ada/shop.git", false],
    ["/home/ada/github.com", false],
  ])("is for its own host, encrypted: %s %s", async (repo, offered) => {
    const gitHub = new GitHubSignIn(memory().memory);
    expect(gitHub.offers(repo)).toBe(offered);
    expect((await gitHub.signIn(repo)) !== undefined).toBe(offered);
    expect(editor.asked.length > 0).toBe(offered);
  });

  it("is not looked for before the user said so, and then without a question as long as the editor grants it", async () => {
    const { memory: kept, kept: store } = memory();
    const gitHub = new GitHubSignIn(kept);
    expect([await gitHub.known("https://github.com/ada/shop"), editor.asked]).toEqual([undefined, []]);
    await gitHub.signIn("https://github.com/ada/shop");
    expect(await gitHub.known("https://github.com/ada/other")).toEqual({ username: "x-access-token", token: TOKEN });
    expect(editor.asked.at(-1)).toEqual(["github", ["repo"], { silent: true }]);
    expect(await gitHub.known(`${ENTERPRISE}/ada/shop`)).toBeUndefined(); // agreed to for another host
    editor.granted = false;
    expect(await gitHub.known("https://github.com/ada/shop")).toBeUndefined();
    expect(JSON.stringify([...store])).not.toContain(TOKEN);
  });

  it("is no part of what is remembered of a choice", async () => {
    const { memory: kept, kept: store } = memory();
    const gitCredential = { username: "x-access-token", token: TOKEN };
    await kept.remember({ repo: "https://github.com/ada/shop", target: "local", approval: "never", gitCredential });
    expect(kept.choices()).toHaveLength(1);
    expect(JSON.stringify([...store])).not.toContain(TOKEN);
  });
});

group("looking at a repository that wants a login", () => {
  const refused = Object.assign(new Error("a login is needed"), { data: { kind: "authentication_failed" } });
  const looking = async (repo: string, ...does: unknown[]): Promise<unknown[]> => {
    editor.does = does;
    const logins: unknown[] = [];
    const choice = { repo, target: "local", approval: "never" } as const;
    await withLogin({ gitHub: new GitHubSignIn(memory().memory) } as never, choice, async (login) => {
      logins.push(login?.token);
      if (login === undefined) {
        throw refused;
      }
    }).catch((error: unknown) => logins.push(error));
    return logins;
  };

  it("asks once", async () => {
    expect(await looking("https://github.com/ada/shop", SIGN_IN)).toEqual([undefined, TOKEN]);
    expect(await looking("https://github.com/ada/shop", BY_HAND, "ghp_typed")).toEqual([undefined, "ghp_typed"]);
    expect(await looking("https://github.com/ada/shop", undefined)).toEqual([undefined, refused]);
    expect(await looking("https://elsewhere.org/ada/shop", SIGN_IN)).toEqual([undefined, refused]);
  });
});

group("the questions of a deployment for a login", () => {
  const question = (kind: "text" | "secret", host: string): Question => ({
    questionId: `git-${kind}`,
    kind,
    message: "Who?",
    host,
  });
  const asking = async (host: string, ...does: unknown[]): Promise<unknown[]> => {
    editor.does = does;
    const sent: unknown[] = [];
    let tell: (change: Change) => void = () => undefined;
    let shown: Deployment | undefined;
    const store = {
      get: () => shown,
      onDidChange: (listener: typeof tell) => {
        tell = listener;
        return { dispose: () => undefined };
      },
    };
    const send = async (_: string, { text }: { text?: string }): Promise<void> => void sent.push(text);
    new Questions(store as never, send as never, new GitHubSignIn(memory().memory));
    for (const kind of ["text", "secret"] as const) {
      const deployment = {
        id: "d1",
        summary: { repo: host, status: "running" },
        log: { pending_question: question(kind, host) },
      } as unknown as Deployment;
      shown = deployment;
      tell({ kind: "loaded", deployment });
      tell({ kind: "loaded", deployment }); // told twice, asked once
      await new Promise((resolve) => setTimeout(resolve));
    }
    return sent;
  };

  it("are both answered by the sign-in, after one question", async () => {
    expect(await asking("https://github.com", SIGN_IN)).toEqual(["x-access-token", TOKEN]);
    expect(await asking(ENTERPRISE, SIGN_IN)).toEqual(["x-access-token", TOKEN]);
    expect(editor.asked.map((call) => (call as string[])[0])).toEqual(["github", "github-enterprise"]);
  });

  it("are both typed by who wants that, after one question", async () => {
    expect(await asking("https://github.com", BY_HAND, "ada", "typed")).toEqual(["ada", "typed"]);
    expect(editor.asked).toEqual([]);
  });

  it("offer nothing where the server is another", async () => {
    expect(await asking("https://elsewhere.org", "Answer…", "ada", "Answer…", "typed")).toEqual(["ada", "typed"]);
    expect(await asking("https://github.com", undefined, undefined)).toEqual([]);
    expect(editor.asked).toEqual([]);
  });
});
