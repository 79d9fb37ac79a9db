/**
 * Questions of deployments: one notification for each, and an input for whoever wants to answer. One that is dismissed stays
 * in the tree and can be answered from there; `deploy/ask` is answered by `deploy/answer`, whose answer the server takes first.
 */
import * as vscode from "vscode";
import { firstAndLast, joined } from "../format";
import type { GitCredential, Option, Question } from "../protocol";
import { type Deployment, type DeploymentStore, isControllable, offers, type Send } from "../state/store";
import { deploymentName } from "../tree/rows";
import { type GitHubSignIn, SIGN_IN, TOKEN } from "./gitHub";
import { type Button, insist, offer } from "./offer";

type Answer = { optionId: string; guidance?: string } | { text: string };

/** More would be cut off. */
const MOST = 4;
const MORE = "More…";
const YES_NO: Option[] = [
  { id: "yes", label: "Yes" },
  { id: "no", label: "No" },
];

export class Questions implements vscode.Disposable {
  private readonly told = new Set<string>();
  /** How the user wants to log in, by deployment and server: a login may take two questions. */
  private readonly logins = new Map<string, GitCredential | typeof TOKEN>();
  private readonly subscription: { dispose(): void };

  constructor(
    private readonly store: DeploymentStore,
    private readonly send: Send,
    private readonly gitHub: GitHubSignIn,
  ) {
    this.subscription = store.onDidChange((change) => {
      if (change.kind === "event" || change.kind === "loaded") {
        void this.notify(change.deployment);
      }
    });
  }

  dispose(): void {
    this.subscription.dispose();
  }

  /** The server's request stays open until the question is answered, here or elsewhere: then the server withdraws it. */
  ask(_: unknown, token: vscode.CancellationToken): Promise<null> {
    return new Promise((resolve) => token.onCancellationRequested(() => resolve(null)));
  }

  /** Put the question to the user, now. */
  async answer(deployment: Deployment): Promise<void> {
    const question = deployment.log?.pending_question;
    if (question && this.asksLogin(question)) {
      const key = loginKey(deployment, question);
      await this.logIn(deployment, question, this.logins.has(key) ? TOKEN : await this.gitHub.choose(question.host));
    } else if (question) {
      await this.give(deployment, question, await input(deploymentName(deployment), question));
    }
  }

  /** The server's question, where the editor has a sign-in for it. */
  private asksLogin(question: Question): question is Question & { host: string } {
    return !!question.host && this.gitHub.offers(question.host);
  }

  private async logIn(deployment: Deployment, question: Question & { host: string }, how: string | undefined): Promise<void> {
    const login = how === SIGN_IN ? await this.gitHub.signIn(question.host) : how && TOKEN;
    if (!login) {
      return;
    }
    this.logins.set(loginKey(deployment, question), login);
    await this.give(deployment, question, await loginAnswer(deployment, question, login));
  }

  /** Answer with an option, where the pending question has it, and with a hint for the model. */
  async choose(deployment: Deployment, optionId: string, guidance?: string): Promise<boolean> {
    const question = deployment.log?.pending_question;
    if (!question || !offers(deployment, optionId)) {
      return false;
    }
    await this.give(deployment, question, { optionId, guidance });
    return true;
  }

  private async notify(deployment: Deployment): Promise<void> {
    const question = deployment.log?.pending_question;
    const key = `${deployment.id} ${question?.questionId}`;
    if (!question || this.told.has(key) || !isControllable(deployment)) {
      return; // what a terminal asks is answered there
    }
    this.told.add(key);
    const options = optionsOf(question);
    const failed = question.category === "error_recovery";
    const message = joined(
      " ",
      `${deploymentName(deployment)}: ${question.message}`,
      failed && firstAndLast(question.detail ?? ""),
    );
    if (this.asksLogin(question)) {
      const login = this.logins.get(loginKey(deployment, question));
      if (login !== undefined) {
        await this.give(deployment, question, await loginAnswer(deployment, question, login));
      } else {
        await this.logIn(deployment, question, await offer("information", message, [SIGN_IN, TOKEN]));
      }
    } else if (isDestructive(question)) {
      const wanted = await offer("warning", message, ["Review…"]); // a modal nobody asked for takes a stray Enter
      await (wanted && this.answerSame(deployment, question));
    } else if (options.length === 0 || question.allowCustom) {
      const wanted = await offer("information", message, ["Answer…"]);
      await (wanted && this.answerSame(deployment, question));
    } else {
      const buttons: Button[] = options.length > MOST ? [...options.slice(0, 2), MORE] : options;
      const chosen = await offer(failed ? "warning" : "information", message, buttons);
      await (chosen === MORE ? this.answerSame(deployment, question) : this.give(deployment, question, byLabel(options, chosen)));
    }
  }

  /** From a notification, which may be older than the answer that somebody gave meanwhile. */
  private async answerSame({ id }: Deployment, { questionId }: Question): Promise<void> {
    const now = this.store.get(id);
    if (now?.log?.pending_question?.questionId === questionId) {
      await this.answer(now);
    } else {
      void vscode.window.showInformationMessage("The question was answered already.");
    }
  }

  private async give(deployment: Deployment, { questionId }: Question, answer: Answer | undefined): Promise<void> {
    if (answer === undefined) {
      return;
    }
    try {
      await this.send("deploy/answer", { deploymentId: deployment.id, questionId, ...answer });
    } catch (error) {
      void vscode.window.showInformationMessage(`Not taken: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

function loginKey({ id }: Deployment, { host }: Question): string {
  return `${id} ${host}`;
}

async function loginAnswer(
  deployment: Deployment,
  question: Question,
  login: GitCredential | typeof TOKEN,
): Promise<Answer | undefined> {
  if (login === TOKEN) {
    return typed(deploymentName(deployment), question);
  }
  return { text: question.kind === "secret" ? login.token : (login.username ?? "") };
}

function optionsOf(question: Question): Option[] {
  const given = question.options ?? [];
  return question.kind === "confirm" && given.length === 0 ? YES_NO : given;
}

function isDestructive(question: Question): boolean {
  return question.risk === "high" && optionsOf(question).length > 0;
}

/** The button that Enter presses comes first: what silence would mean, or else the no. */
function safeFirst({ default: silence }: Question, options: readonly Option[]): Option[] {
  const safe = options.find(({ id }) => id === silence) ?? options.find(({ id }) => id === "no");
  return [...options.filter((option) => option === safe), ...options.filter((option) => option !== safe)];
}

async function input(title: string, question: Question): Promise<Answer | undefined> {
  const options = optionsOf(question);
  if (isDestructive(question)) {
    return byLabel(options, await insist(question.message, question.detail, safeFirst(question, options)));
  }
  if (question.kind === "text" || question.kind === "secret") {
    return typed(title, question);
  }
  const items = options.map((option) => ({ label: option.label, detail: option.description, answer: { optionId: option.id } }));
  const own = { label: "Something else…", detail: undefined, answer: undefined };
  const picked = await vscode.window.showQuickPick(question.allowCustom ? [...items, own] : items, {
    title,
    placeHolder: question.message,
    ignoreFocusOut: true,
  });
  return picked === own ? typed(title, question) : picked?.answer;
}

async function typed(title: string, question: Question): Promise<Answer | undefined> {
  const secret = question.kind === "secret";
  const value = question.kind === "text" ? (question.default ?? "") : "";
  const text = await vscode.window.showInputBox({ title, prompt: question.message, password: secret, value, ignoreFocusOut: true });
  return text === undefined ? undefined : { text };
}

function byLabel(options: readonly Option[], label: string | undefined): Answer | undefined {
  const found = options.find((option) => option.label === label);
  return found && { optionId: found.id };
}
