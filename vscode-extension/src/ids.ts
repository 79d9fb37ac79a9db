/** Names that package.json and code share. */
export const VIEWS = { deployments: "autoDeployer.deployments", apps: "autoDeployer.apps" } as const;

export const COMMANDS = {
  answer: "autoDeployer.answer",
  cancel: "autoDeployer.cancel",
  copyCommand: "autoDeployer.copyCommand",
  deleteDeployment: "autoDeployer.deleteDeployment",
  deploy: "autoDeployer.deploy",
  deployAgain: "autoDeployer.deployAgain",
  openApp: "autoDeployer.openApp",
  openAppLog: "autoDeployer.openAppLog",
  openLog: "autoDeployer.openLog",
  openOutput: "autoDeployer.openOutput",
  restartApp: "autoDeployer.restartApp",
  restartServer: "autoDeployer.restartServer",
  retry: "autoDeployer.retry",
  rollBack: "autoDeployer.rollBack",
  selectInterpreter: "autoDeployer.selectInterpreter",
  showPlan: "autoDeployer.showPlan",
  showServerLog: "autoDeployer.showServerLog",
  showView: "autoDeployer.deployments.focus",
  skipStep: "autoDeployer.skipStep",
  startApp: "autoDeployer.startApp",
  stopApp: "autoDeployer.stopApp",
} as const;

/** For `when` clauses. */
export const CONTEXTS = {
  hasApps: "autoDeployer.hasApps",
  hasCommands: "autoDeployer.hasCommands",
  hasDeployments: "autoDeployer.hasDeployments",
  hasFailed: "autoDeployer.hasFailed",
  hasQuestion: "autoDeployer.hasQuestion",
  running: "autoDeployer.running",
  server: "autoDeployer.server",
} as const;

export const SECTION = "autoDeployer";

/** Schemes of the read-only documents we make. */
export const SCHEMES = { output: "auto-deployer-output", plan: "auto-deployer-plan" } as const;
