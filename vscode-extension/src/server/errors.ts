/** Why the server could not be started; each cause has its own remedy. */
export type StartFault =
  | "badInterpreter"
  | "noPython"
  | "noVenv"
  | "noNetwork"
  | "installFailed"
  | "stopped"
  | "wrongWheels"
  | "noWheel"
  | "crashed"
  | "protocol";

const REMEDIES: Record<StartFault, string> = {
  badInterpreter: "Choose another Python, or clear the setting to let Auto-Deployer look for one.",
  noPython: "Install Python 3.11 or newer, or choose one with “Select Interpreter”.",
  noVenv: "Install it (Debian and Ubuntu: apt install python3-venv), or choose another Python.",
  noNetwork: "Check the network or the proxy (setting http.proxy), or choose a Python that has the package auto-deployer.",
  installFailed: "The log has what pip said.",
  stopped: "“Restart Server” begins anew.",
  noWheel: "Install the extension from a complete package, or choose a Python that has the package auto-deployer.",
  wrongWheels: "Choose another Python with “Select Interpreter”, or install the extension made for this platform.",
  crashed: "The log has its last words.",
  protocol: "Install client and server of the same version.",
};

export class ServerStartError extends Error {
  constructor(
    readonly fault: StartFault,
    message: string,
  ) {
    super(message);
  }

  get remedy(): string {
    return REMEDIES[this.fault];
  }
}
