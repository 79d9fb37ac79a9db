/** Which of the editor's GitHub sign-ins fits a git server: for its own host only, and only where git's traffic is encrypted. */

export type GitHubProvider = "github" | "github-enterprise";

/** GitHub takes a token with any user name. */
export const TOKEN_USER = "x-access-token";

/** Scheme, host and port of an https URL; undefined for folders and for other ways to a repository. */
export function originOf(repo: string): string | undefined {
  return URL.canParse(repo) && new URL(repo).protocol === "https:" ? new URL(repo).origin : undefined;
}

/** @param enterprise the address of a GitHub Enterprise Server, as the user set it in the editor; it may be empty */
export function providerOf(repo: string, enterprise: string): GitHubProvider | undefined {
  const origin = originOf(repo);
  if (origin === "https://github.com") {
    return "github";
  }
  return origin !== undefined && origin === originOf(enterprise) ? "github-enterprise" : undefined;
}
