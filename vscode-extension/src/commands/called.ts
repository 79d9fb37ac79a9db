/**
 * What a command was called with. Rows give themselves, notifications a deployment's id; but a button in a view's title gives the
 * row that has the focus, which nobody chose, and a key binding gives whatever its user wrote. So each command declares what it is
 * about, and gets that or nothing.
 */
import type { AppNode } from "../tree/apps";
import type { Services } from "./services";

/** A deployment, or a step of it: a row of the tree is one, too. */
export interface Target {
  readonly deploymentId: string;
  readonly stepId?: number;
}

export type Command = (services: Services, given: readonly unknown[]) => Promise<unknown>;

/** Says of anything what it is for a command; undefined: nothing. */
type Reads<T> = (given: unknown) => T | undefined;

/** Of a command that is about nothing that could be pressed: all that it needs it asks for. */
export function alone(run: (services: Services) => Promise<unknown>): Command {
  return (services) => run(services);
}

/** Of a command about what was pressed. Called from elsewhere it asks. */
export function about<T>(reads: Reads<T>, run: (services: Services, target: T | undefined) => Promise<unknown>): Command {
  return (services, [given]) => run(services, reads(given));
}

export const aDeployment: Reads<Target> = (given) =>
  isObject(given) && typeof given.deploymentId === "string" ? (given as unknown as Target) : undefined;

export const anApp: Reads<AppNode> = (given) =>
  isObject(given) && isObject(given.app) && typeof given.app.deployDir === "string" ? (given as unknown as AppNode) : undefined;

/** What has an address. */
export const aPlace: Reads<Target | AppNode> = (given) => aDeployment(given) ?? anApp(given);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
