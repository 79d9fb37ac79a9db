import { expect, it } from "vitest";
import {
  asksEndpoint,
  modelCalls,
  modelOfStep,
  modelUse,
  nested,
  providerItems,
  providerOf,
  secretName,
} from "../../src/deploy/model";
import { PROVIDERS } from "../../src/protocol";
import { document } from "../journals";

it("offers every provider of the server, and says which ones need no key", () => {
  const items = providerItems();
  expect(items.map(({ value }) => value)).toEqual(PROVIDERS);
  const descriptions = Object.fromEntries(items.map(({ value, description }) => [value.name, description]));
  expect(descriptions).toMatchObject({ ollama: "no key", openai: "https://api.openai.com/v1", custom: "its address is asked for" });
});

it("asks for the address of local and other servers only", () => {
  const asked = PROVIDERS.filter(asksEndpoint).map(({ name }) => name);
  expect(asked).toEqual(["ollama", "lmstudio", "vllm", "custom"]);
});

it("finds the provider of a kept key again, and no other", () => {
  expect(PROVIDERS.map((provider) => providerOf(secretName(provider)))).toEqual(PROVIDERS);
  expect(providerOf("key.of somebody else")).toBeUndefined();
});

it("sends what is set, nested, and nothing else", () => {
  const values = {
    planner: "llm",
    "llm.model": "m",
    "llm.temperature": 0,
    "llm.endpoint": "",
    "budget.maxCostUsd": null,
    approval: undefined,
  };
  expect(nested(values)).toEqual({ planner: "llm", llm: { model: "m", temperature: 0 } });
});

it("tells what a model was used for, and its cost where that is known", () => {
  const log = document("model");
  expect(modelCalls(log)).toBe("2 model calls, 0.0004 USD");
  expect(modelUse(log)).toBe("Model scripted: 2 model calls, 0.0004 USD, 240 tokens");
  expect(modelOfStep(log, 3)).toBe("scripted");
  expect(modelUse({ ...log, llm_calls: [] })).toBe("Model scripted: not asked");
  const unpriced = log.llm_calls?.slice(1).map((call) => ({ ...call, cost_usd: null }));
  expect(modelCalls({ ...log, llm_calls: unpriced })).toBe("1 model call");
  expect([modelCalls(undefined), modelUse(document("success")), modelOfStep(log, 1)]).toEqual(["", "", undefined]);
});
