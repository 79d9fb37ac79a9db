/** The editor's GitHub sign-in as the login for a repository of that GitHub: offered, used when the user says so, kept nowhere. */
import * as vscode from "vscode";
import { originOf, providerOf, TOKEN_USER } from "../deploy/gitHub";
import type { Memory } from "../deploy/memory";
import type { GitCredential } from "../protocol";
import { pickOne } from "./pick";

export const SIGN_IN = "Use GitHub Sign-In";
export const TOKEN = "Enter a Token";

export class GitHubSignIn {
  constructor(private readonly memory: Memory) {}

  /** Whether the editor has a sign-in for the server of this repository. */
  offers(repo: string): boolean {
    return provider(repo) !== undefined;
  }

  /** The login the user agreed to before, while the editor still grants it; nothing is asked. */
  async known(repo: string): Promise<GitCredential | undefined> {
    return this.memory.signsIn(originOf(repo) ?? "") ? session(repo, { silent: true }) : undefined;
  }

  /** The login, now that the user wants it used; undefined when signing in was called off. */
  async signIn(repo: string): Promise<GitCredential | undefined> {
    const login = await session(repo, { createIfNone: true }).catch(() => undefined); // the editor has told why
    await (login && this.memory.rememberSignIn(originOf(repo) ?? ""));
    return login;
  }

  /** Ask which login to use for a server that wants one. */
  async ask(repo: string): Promise<GitCredential | undefined> {
    const how = await this.choose(repo);
    if (how === SIGN_IN) {
      return this.signIn(repo);
    }
    const options = { title: TOKEN, prompt: `Token for ${originOf(repo)}`, password: true, ignoreFocusOut: true };
    const token = how && (await vscode.window.showInputBox(options));
    return token ? { username: TOKEN_USER, token } : undefined;
  }

  choose(repo: string): Promise<string | undefined> {
    const items = [SIGN_IN, TOKEN].map((label) => ({ label, value: label }));
    return pickOne(items, "Login", `${originOf(repo)} asks for a login`);
  }
}

function provider(repo: string): ReturnType<typeof providerOf> {
  return providerOf(repo, vscode.workspace.getConfiguration("github-enterprise").get("uri", ""));
}

async function session(repo: string, options: vscode.AuthenticationGetSessionOptions): Promise<GitCredential | undefined> {
  const name = provider(repo);
  const found = name && (await vscode.authentication.getSession(name, ["repo"], options));
  return found && { username: TOKEN_USER, token: found.accessToken };
}
