/** Looking at a repository whose server may ask for a login. */
import type { Choice } from "../deploy/choice";
import type { GitCredential } from "../protocol";
import { reasonOf } from "./errors";
import type { Services } from "./services";

/** What `look` gives with the login that is at hand, or else with the one that the user is asked for, once. */
export async function withLogin<T>(
  { gitHub }: Services,
  { repo, gitCredential }: Choice,
  look: (login?: GitCredential) => Thenable<T>,
): Promise<T> {
  try {
    return await look(gitCredential ?? (await gitHub.known(repo)));
  } catch (error) {
    const asks = reasonOf(error).kind === "authentication_failed" && gitHub.offers(repo);
    const login = asks ? await gitHub.ask(repo) : undefined;
    if (login === undefined) {
      throw error;
    }
    return look(login);
  }
}
