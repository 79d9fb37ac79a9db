/** The model that plans and repairs: where it is to be had, what the user set, and what it was used for. */
import { counted, joined } from "../format";
import { type DeploymentLog, PROVIDERS } from "../protocol";

export type Provider = (typeof PROVIDERS)[number];

/** Under this name a provider's key is in the editor's store of secrets. */
export function secretName({ name }: Pick<Provider, "name">): string {
  return `key.${name}`;
}

export function providerOf(secret: string): Provider | undefined {
  return PROVIDERS.find((provider) => secretName(provider) === secret);
}

/** The address is asked for where it is not always the same. */
export function asksEndpoint({ local, endpoint }: Provider): boolean {
  return local || endpoint === null;
}

export function providerItems(): { label: string; description: string; value: Provider }[] {
  return PROVIDERS.map((provider) => ({
    label: provider.label,
    description: provider.local ? "no key" : (provider.endpoint ?? "its address is asked for"),
    value: provider,
  }));
}

/** Values by dotted name as the nested object that the server wants; what is not set (or emptied) is left out. */
export function nested(values: Record<string, unknown>): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    const path = name.split(".");
    const last = path.pop() ?? name;
    if (value !== undefined && value !== null && value !== "") {
      let group = all;
      for (const part of path) {
        group[part] ??= {};
        group = group[part] as Record<string, unknown>;
      }
      group[last] = value;
    }
  }
  return all;
}

/** "1 model call", with its cost where that is known; "" when there was none. */
export function modelCalls(log: DeploymentLog | undefined): string {
  const calls = log?.llm_calls ?? [];
  const cost = calls.reduce((sum, call) => sum + (call.cost_usd ?? 0), 0);
  return calls.length === 0
    ? ""
    : joined(", ", counted(calls.length, "model call"), cost > 0 && `${cost.toFixed(cost < 0.1 ? 4 : 2)} USD`);
}

/** Which model, how often it was asked, and what that took: for tooltips. */
export function modelUse(log: DeploymentLog | undefined): string {
  const calls = log?.llm_calls ?? [];
  const models = [...new Set(calls.map(({ model }) => model))].join(", ") || log?.config?.model;
  const tokens = calls.reduce((sum, call) => sum + (call.prompt_tokens ?? 0) + (call.completion_tokens ?? 0), 0);
  const used = calls.length === 0 ? "not asked" : joined(", ", modelCalls(log), `${tokens.toLocaleString("en")} tokens`);
  return models ? `Model ${models}: ${used}` : "";
}

/** The model that was asked for this step, if one was. */
export function modelOfStep(log: DeploymentLog, stepId: number): string | undefined {
  return log.llm_calls?.find((call) => call.step_id === stepId)?.model;
}
