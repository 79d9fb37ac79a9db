/** Names that package.json and code share. */
export const VIEWS = { deployments: "autoDeployer.deployments", apps: "autoDeployer.apps" } as const;

/** Commands that code runs or offers; `commands/index.ts` has all of them. */
export const COMMANDS = {
  deployAgain: "autoDeployer.deployAgain",
  openApp: "autoDeployer.openApp",
  openLog: "autoDeployer.openLog",
  openOutput: "autoDeployer.openOutput",
  restartServer: "autoDeployer.restartServer",
  retry: "autoDeployer.retry",
  selectInterpreter: "autoDeployer.selectInterpreter",
  showServerLog: "autoDeployer.showServerLog",
  showView: "autoDeployer.deployments.focus",
} as const;

/** For `when` clauses. */
export const CONTEXTS = {
  hasApps: "autoDeployer.hasApps",
  hasDeployments: "autoDeployer.hasDeployments",
  hasFailed: "autoDeployer.hasFailed",
  hasQuestion: "autoDeployer.hasQuestion",
  offersHint: "autoDeployer.offersHint",
  offersModel: "autoDeployer.offersModel",
  offersRetry: "autoDeployer.offersRetry",
  running: "autoDeployer.running",
  server: "autoDeployer.server",
} as const;

export const SECTION = "autoDeployer";

/** Schemes of the read-only documents we make. */
export const SCHEMES = { appLog: "auto-deployer-app", output: "auto-deployer-output", plan: "auto-deployer-plan" } as const;
