/** Set Up a Model…: provider, address, model, key and a call that shows whether they work. Keys stay in the store of secrets. */
import * as vscode from "vscode";
import { asksEndpoint, type Provider, providerItems, secretName } from "../deploy/model";
import { suggestionTexts } from "../deploy/remedies";
import { sentences } from "../format";
import { SECTION } from "../ids";
import { PROVIDERS, type TestModelResult } from "../protocol";
import { offer } from "../views/offer";
import { type EnterOptions, enter, inSteps, lastFirst, pick, pickOne, type Step } from "../views/pick";
import type { Services } from "./services";

const TITLE = "Set Up a Model";

type Asked = Omit<EnterOptions, "title" | "step">;

export async function setUpModel(services: Services): Promise<void> {
  const draft = new Draft(services);
  try {
    await untilSaved(services, draft);
  } finally {
    await draft.forgetTrials();
  }
}

async function untilSaved(services: Services, draft: Draft): Promise<void> {
  while (await inSteps(draft.steps())) {
    const result = await tried(services, draft);
    const chosen = result.ok ? "Save" : await whatNow(result);
    if (chosen?.startsWith("Save")) {
      await draft.save();
      const now = "Deployments use it from now on.";
      void vscode.window.showInformationMessage(result.ok ? `${result.message} ${now}` : now);
      return;
    }
    if (chosen === undefined) {
      return;
    }
  }
}

export async function removeModelKey({ secrets }: Services): Promise<void> {
  const kept = await Promise.all(PROVIDERS.map(async (provider) => ({ provider, key: await secrets.get(secretName(provider)) })));
  const items = kept.flatMap(({ provider, key }) => (key ? [{ label: provider.label, description: "", value: provider }] : []));
  if (items.length === 0) {
    void vscode.window.showInformationMessage("No key is kept in this editor.");
    return;
  }
  const provider = await pickOne(items, "Remove Model Key", "Whose key is to be forgotten?");
  await (provider && secrets.delete(secretName(provider)));
}

function tried({ send }: Services, { provider, model, endpoint, key, trials }: Draft): Thenable<TestModelResult> {
  trials.add(provider);
  const options = { location: vscode.ProgressLocation.Notification, title: `Asking ${model} for a sign of life` };
  return vscode.window.withProgress(options, async () => {
    await send("deploy/setSecret", { name: provider.name, value: key });
    return send("deploy/testModel", { provider: provider.name, model, endpoint });
  });
}

function whatNow(result: TestModelResult): Thenable<string | undefined> {
  return offer("warning", sentences(result.message, ...suggestionTexts(result)), ["Try Again", "Save Anyway"]);
}

class Draft {
  private readonly configuration = vscode.workspace.getConfiguration(`${SECTION}.llm`);
  provider: Provider = PROVIDERS.find(({ name }) => name === this.set("provider")) ?? PROVIDERS[0];
  model = this.set("model") ?? "";
  endpoint = this.set("endpoint");
  key = "";
  /** Whose key the server was given to try. */
  readonly trials = new Set<Provider>();

  constructor(private readonly services: Services) {}

  steps(): Step[] {
    return [
      (step) => this.askProvider(step),
      (step) => this.askEndpoint(step),
      (step) => this.askModel(step),
      (step) => this.askKey(step),
    ];
  }

  async save(): Promise<void> {
    const { provider, model, endpoint, key } = this;
    for (const [name, value] of Object.entries({ provider: provider.name, endpoint, model })) {
      await this.configuration.update(name, value, vscode.ConfigurationTarget.Global);
    }
    await (key === "" ? undefined : this.services.secrets.store(secretName(provider), key));
  }

  /** The server knows the keys that were tried; it gets back what is kept. One that fails does not keep the others from it. */
  async forgetTrials(): Promise<void> {
    const { send, secrets, log } = this.services;
    for (const provider of this.trials) {
      try {
        await send("deploy/setSecret", { name: provider.name, value: (await secrets.get(secretName(provider))) ?? "" });
      } catch (error) {
        log.warn(`restoring the key of ${provider.label}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  private async askProvider(step: number): ReturnType<Step> {
    const before = this.provider;
    const outcome = await pick(lastFirst(providerItems(), before), { title: TITLE, placeholder: "Who runs the model?", step });
    if (typeof outcome === "string") {
      return outcome;
    }
    this.provider = outcome.value;
    if (this.provider !== before) {
      Object.assign(this, { model: "", endpoint: undefined });
    }
    this.key = (await this.services.secrets.get(secretName(this.provider))) ?? "";
    return "next";
  }

  private async askEndpoint(step: number): ReturnType<Step> {
    const { endpoint: usual, hint } = this.provider;
    if (!asksEndpoint(this.provider)) {
      this.endpoint = undefined;
      return "skipped";
    }
    const prompt = `Base URL of its OpenAI-compatible API. ${hint}`;
    const asked = { prompt, placeholder: "http://127.0.0.1:8000/v1", value: this.endpoint ?? usual ?? "", required: true };
    return this.typed(step, asked, (typed) => ({ endpoint: typed === usual ? undefined : typed }));
  }

  private askModel(step: number): ReturnType<Step> {
    const { sampleModel, hint } = this.provider;
    const prompt = `The model's name, as its provider writes it. ${asksEndpoint(this.provider) ? "" : hint}`;
    const asked = {
      prompt,
      placeholder: sampleModel ?? "name of the model",
      value: this.model || (sampleModel ?? ""),
      required: true,
    };
    return this.typed(step, asked, (model) => ({ model }));
  }

  private async askKey(step: number): ReturnType<Step> {
    const { local, needsKey, keyVariable } = this.provider;
    if (local) {
      return "skipped";
    }
    const without = this.key ? "keep the one that is stored" : needsKey ? `take ${keyVariable} of the environment` : "no key";
    const prompt = "Its API key; it is stored in the editor's secrets only.";
    const asked = { prompt, placeholder: `Empty: ${without}`, value: "", password: true };
    return this.typed(step, asked, (typed) => ({ key: typed || this.key }));
  }

  private async typed(step: number, asked: Asked, changes: (typed: string) => Partial<Draft>): ReturnType<Step> {
    const outcome = await enter({ ...asked, title: TITLE, step });
    if (typeof outcome === "string") {
      return outcome;
    }
    Object.assign(this, changes(outcome.value));
    return "next";
  }

  private set(name: string): string | undefined {
    return this.configuration.inspect<string>(name)?.globalValue || undefined;
  }
}
