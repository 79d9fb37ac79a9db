// Generated from the server's models by `npm run gen`. Do not edit.


export const PROTOCOL_VERSION = 1;

export const EVENT_METHODS = [
  "deploy/started",
  "deploy/analysisReady",
  "deploy/planReady",
  "deploy/planChanged",
  "deploy/stepStarted",
  "deploy/commandStarted",
  "deploy/commandExecuted",
  "deploy/commandRefused",
  "deploy/checkFinished",
  "deploy/repairApplied",
  "deploy/stepFinished",
  "deploy/questionAsked",
  "deploy/questionResolved",
  "deploy/modelCalled",
  "deploy/historyCompressed",
  "deploy/cancelling",
  "deploy/note",
  "deploy/finished",
] as const;

export const PROVIDERS = [
  {
    "name": "openai",
    "label": "OpenAI",
    "endpoint": "https://api.openai.com/v1",
    "local": false,
    "hint": "",
    "needsKey": true,
    "keyVariable": "OPENAI_API_KEY",
    "sampleModel": null
  },
  {
    "name": "openrouter",
    "label": "OpenRouter (many providers)",
    "endpoint": "https://openrouter.ai/api/v1",
    "local": false,
    "hint": "Not every model behind it keeps to a schema; replies are checked here in any case.",
    "needsKey": true,
    "keyVariable": "OPENROUTER_API_KEY",
    "sampleModel": "openrouter/auto"
  },
  {
    "name": "deepseek",
    "label": "DeepSeek",
    "endpoint": "https://api.deepseek.com",
    "local": false,
    "hint": "",
    "needsKey": true,
    "keyVariable": "DEEPSEEK_API_KEY",
    "sampleModel": "deepseek-chat"
  },
  {
    "name": "gemini",
    "label": "Google Gemini",
    "endpoint": "https://generativelanguage.googleapis.com/v1beta/openai/",
    "local": false,
    "hint": "",
    "needsKey": true,
    "keyVariable": "GEMINI_API_KEY",
    "sampleModel": "gemini-flash-latest"
  },
  {
    "name": "anthropic",
    "label": "Anthropic Claude",
    "endpoint": "https://api.anthropic.com/v1/",
    "local": false,
    "hint": "Through its compatibility layer for OpenAI clients.",
    "needsKey": true,
    "keyVariable": "ANTHROPIC_API_KEY",
    "sampleModel": null
  },
  {
    "name": "ollama",
    "label": "Ollama (this machine)",
    "endpoint": "http://127.0.0.1:11434/v1",
    "local": true,
    "hint": "Start it with OLLAMA_CONTEXT_LENGTH=32768 or more, and set llm.context_window to the same number.",
    "needsKey": false,
    "keyVariable": "OLLAMA_API_KEY",
    "sampleModel": null
  },
  {
    "name": "lmstudio",
    "label": "LM Studio (this machine)",
    "endpoint": "http://127.0.0.1:1234/v1",
    "local": true,
    "hint": "Load the model with a long context, and set llm.context_window to the same number.",
    "needsKey": false,
    "keyVariable": null,
    "sampleModel": null
  },
  {
    "name": "vllm",
    "label": "vLLM (this machine)",
    "endpoint": "http://127.0.0.1:8000/v1",
    "local": true,
    "hint": "",
    "needsKey": false,
    "keyVariable": "VLLM_API_KEY",
    "sampleModel": null
  },
  {
    "name": "custom",
    "label": "Another OpenAI-compatible server",
    "endpoint": null,
    "local": false,
    "hint": "Set llm.endpoint to its base URL; most end in /v1.",
    "needsKey": false,
    "keyVariable": null,
    "sampleModel": null
  }
] as const;

export interface Requests {
  "deploy/apps": { params: NoParams; result: AppsResult };
  "deploy/startApp": { params: AppParams; result: AppState };
  "deploy/stopApp": { params: AppParams; result: AppState };
  "deploy/restartApp": { params: AppParams; result: AppState };
  "deploy/rollback": { params: RollbackParams; result: AppState };
  "deploy/appLog": { params: AppLogParams; result: OutputResult };
  "deploy/env": { params: AppParams; result: AppEnv };
  "deploy/setEnv": { params: SetEnvParams; result: AppEnv };
  "deploy/analyze": { params: SourceParams; result: AnalyzeResult };
  "deploy/plan": { params: SourceParams; result: PlanResult };
  "deploy/start": { params: StartParams; result: StartResult };
  "deploy/cancel": { params: DeploymentParams; result: null };
  "deploy/retry": { params: RetryParams; result: StartResult };
  "deploy/skipStep": { params: SkipStepParams; result: null };
  "deploy/answer": { params: AnswerParams; result: null };
  "deploy/list": { params: ListParams; result: ListResult };
  "deploy/get": { params: DeploymentParams; result: GetResult };
  "deploy/subscribe": { params: SubscribeParams; result: SubscribeResult };
  "deploy/output": { params: OutputParams; result: OutputResult };
  "deploy/delete": { params: DeploymentParams; result: null };
  "deploy/setSecret": { params: SetSecretParams; result: null };
  "deploy/testModel": { params: TestModelParams; result: TestModelResult };
}

export interface ServerRequests {
  "deploy/ask": { params: AskParams; result: AskResult };
}

export interface Notifications {
  "deploy/started": Started;
  "deploy/analysisReady": AnalysisReady;
  "deploy/planReady": PlanReady;
  "deploy/planChanged": PlanChanged;
  "deploy/stepStarted": StepStarted;
  "deploy/commandStarted": CommandStarted;
  "deploy/commandExecuted": CommandExecuted;
  "deploy/commandRefused": CommandRefused;
  "deploy/checkFinished": CheckFinished;
  "deploy/repairApplied": RepairApplied;
  "deploy/stepFinished": StepFinished;
  "deploy/questionAsked": QuestionAsked;
  "deploy/questionResolved": QuestionResolved;
  "deploy/modelCalled": ModelCalled;
  "deploy/historyCompressed": HistoryCompressed;
  "deploy/cancelling": Cancelling;
  "deploy/note": NoteAdded;
  "deploy/finished": Finished;
  "deploy/commandOutput": OutputChunk;
}

export interface AnalysisReady {
  deploymentId?: string
  seq?: number
  time?: string  // UTC with offset.
  stepId?: number | null
  commandId?: string | null
  attempt?: number | null
  repo: RepoFacts
  host: HostFacts
}

export interface AnalyzeResult {
  repo: RepoFacts
  host: HostFacts
}

export interface AnswerParams {
  deploymentId: string
  questionId: string
  optionId?: string | null
  text?: string | null
  guidance?: string | null
  cancelled?: boolean
}

/** The environment of an app, as it is kept over its releases. */
export interface AppEnv {
  name: string
  deployDir: string
  variables: AppVariable[]
  wanted?: EnvVariable[]  // What the live release's sample of settings names besides.
  restartNeeded?: boolean  // It runs, and does not know of a change made now: that counts when it is started again.
}

/** The app a deployment brought up. */
export interface AppInfo {
  url: string
  port: number
  pid: number
  name?: string
  release?: string
}

export interface AppLogParams {
  name?: string | null
  deployDir?: string | null
  offset?: number | null  // Byte offset to read from; None: the last part.
  limit?: number
}

/** Names an app by its name or its deploy directory; one of the two. */
export interface AppParams {
  name?: string | null
  deployDir?: string | null
}

/** What a deploy brings up; kept by the app keeper. */
export interface AppSpec {
  name: string  // App name, the deploy directory's last part.
  kind?: "server" | "static"
  command: string  // Shell text run by the keeper in `cwd`; PORT and HOST are set.
  cwd?: string  // Relative to the release directory.
  env?: Record<string, string>
  port?: number | null  // Port the user asked for: taken means failure. None: the app's kept port, else a free one.
  fixed_port?: number | null  // Port the source hard-codes whatever PORT says, where known.
  health?: HealthSpec
  shared?: string[]  // Files and folders of the release (relative to it) that all releases share, besides the data that is found. A folder that is not there yet ends with "/" or has no dot in its name.
  upkeep?: UpkeepSpec
  container?: ContainerSpec | null  // Set when a container engine runs it, at the port that PORT says.
  exclusive?: boolean  // It never runs beside another release of its own: both would write to the same volumes.
}

/** One app and how it is now. */
export interface AppState {
  name: string
  deployDir: string
  repo?: string
  subdir?: string
  status: "running" | "stopped" | "crashed"
  url?: string | null
  port?: number | null
  pid?: number | null
  release?: string | null
  releases?: string[]  // Kept releases, newest first.
  since?: string | null
  exitCode?: number | null
  lastLines?: string[]  // Last lines of its own log; always there when it crashed.
  restarts?: number  // How often it was started again after a crash, since somebody started it.
  lastExitCode?: number | null  // Exit code of the run that ended last, if one did.
  gaveUp?: boolean  // It crashed so often in a row that it is not started again by itself.
  memoryBytes?: number | null  // Resident memory of all its processes; None when it does not run or the target does not tell.
  cpuPercent?: number | null  // Of one processor, over the life of its processes.
  data?: string[]  // Paths of its data that all releases share, relative to a release; they lie in <deployDir>/shared/data.
  notes?: string[]  // What was done with its data, in the answer to what was asked for.
  problem?: string | null  // Why it could not be brought back, in the answer to `apps resume`.
}

/** A variable of an app's environment. Its value stays on the target. */
export interface AppVariable {
  name: string
  secret: boolean  // It holds a secret, by its name or by the look of its value.
  value: string  // "***", or "" when it is set to nothing.
}

export interface AppsResult {
  apps: AppState[]
}

/** `deploy/ask`: the question, and which deployment waits. */
export interface AskParams {
  questionId: string
  kind: "choice" | "confirm" | "text" | "secret"
  message: string
  detail?: string
  options?: Option[]
  default?: string | null  // Option id (or text) taken at the time-out; None: there is no safe default, the run stops.
  allowCustom?: boolean
  timeoutMs?: number | null
  risk?: "low" | "high"
  category?: "decision" | "confirmation" | "information" | "error_recovery"
  host?: string  // Of a question for a login: the git server that asks for it, such as "https://git.example.org".
  deploymentId: string
}

/** What the client answers to `deploy/ask`; nothing usable counts as cancelled. */
export interface AskResult {
  optionId?: string | null
  text?: string | null
  guidance?: string | null
  cancelled?: boolean
}

export interface Cancelling {
  deploymentId?: string
  seq?: number
  time?: string  // UTC with offset.
  stepId?: number | null
  commandId?: string | null
  attempt?: number | null
}

/** A sub-folder that looks deployable when the root is not. */
export interface Candidate {
  path: string
  kind: string  // Such as "express", "flask", "static".
}

export interface CheckFinished {
  deploymentId?: string
  seq?: number
  time?: string  // UTC with offset.
  stepId?: number | null
  commandId?: string | null
  attempt?: number | null
  check: CheckResult
}

/** What one machine check saw. */
export interface CheckResult {
  type: string
  description: string
  passed: boolean
  detail?: string  // What was seen: status and body start, the missing path, …
  at?: string
}

/** A read-only command exits with `exit_code`; it is not recorded as a command. */
export interface CommandCheck {
  type?: "command"
  command: string
  cwd?: string
  exit_code?: number
}

/** One per executed command, with its record as in the log. */
export interface CommandExecuted {
  deploymentId?: string
  seq?: number
  time?: string  // UTC with offset.
  stepId?: number | null
  commandId?: string | null
  attempt?: number | null
  command: CommandRecord
}

/** One executed command. The first six fields are format 2.0. */
export interface CommandRecord {
  command: string
  success: boolean
  exit_code: number  // Exit status; 128 + n for signal n; -1 idle time-out, -2 total time-out (as the format always had it).
  stdout?: string  // First 1,000 characters.
  stderr?: string  // First 500 characters.
  timestamp?: string  // When it ended, naive local time.
  id?: string
  reasoning?: string
  source?: "recipe" | "llm" | "user"
  cwd?: string
  started_at?: string
  duration_ms?: number
  policy?: PolicyVerdict | null  // As in `CurrentCommand`.
  stdout_bytes?: number
  stderr_bytes?: number
  stdout_tail?: string  // Last part of stdout where it is longer than `stdout`; "" otherwise.
  stderr_tail?: string
  output?: string  // Path of the full output file, relative to the log file; "" when it was silent.
  output_capped?: boolean  // The output file stops at its cap; the byte counts go on.
  timed_out?: "idle" | "total" | null
  stopped?: boolean  // Ended by cancel or skip.
  waiting_for_input?: string  // The prompt it stood at when it was ended, if it did.
  left_running?: string[]  // Processes that escaped the command's group, "pid name".
}

/** A command that does not run: the policy denies it, or the user did when asked. */
export interface CommandRefused {
  deploymentId?: string
  seq?: number
  time?: string  // UTC with offset.
  stepId?: number | null
  commandId?: string | null
  attempt?: number | null
  command: RefusedCommand
}

/** Written and synced before the command may run (its process waits at a gate). */
export interface CommandStarted {
  deploymentId?: string
  seq?: number
  time?: string  // UTC with offset.
  stepId?: number | null
  commandId?: string | null
  attempt?: number | null
  command: CurrentCommand
}

/** Format 2.0: one shortening of the view the model gets (never of the log). */
export interface CompressionEvent {
  iteration?: number
  commands_before?: number
  commands_compressed?: number
  commands_kept?: number
  compressed_text_length?: number
  token_count_before?: number
  token_count_after?: number
  compression_ratio?: number
  timestamp?: string
  trigger_reason?: string
}

/** A container engine on the target that answers. */
export interface ContainerEngine {
  name: "docker" | "podman"
  version?: string
  compose?: string  // How compose files are run ("docker compose", "docker-compose", …); empty when nothing here does.
  compose_version?: string
  env?: Record<string, string>  // The variables that lead its client to it (DOCKER_HOST and the like), where set.
}

/** What the keeper does with an app whose processes belong to a container engine: shell texts, each ending by itself. */
export interface ContainerSpec {
  tool?: string  // The engine's client, as a word of a shell text: its name or its path.
  listening: string  // Prints where the release's container is published, a line that ends with `address:port`; reads only.
  usage?: string  // Prints a line "rss pcpu …" (KiB, percent) for each process in its containers; reads only.
  stop: string  // Ends what the engine still runs of the release; GRACE says how many seconds that may take.
  remove: string  // Removes what the engine keeps of the release, data excepted.
  remove_data?: string  // Removes the volumes below.
  volumes?: string[]  // Names of the volumes that hold the app's data, over all releases.
}

/** The command running now, so that a reader (and a sweep) knows what is being executed. */
export interface CurrentCommand {
  id: string
  command: string
  cwd?: string
  started_at?: string
  pid?: number
  pgid?: number
  source?: "recipe" | "llm" | "user"
  reasoning?: string
  policy?: PolicyVerdict | null  // What the command policy said, and who decided; None when no rule spoke, which is the usual case.
  output?: string
}

/** The whole log. Before `steps` stands what changes only with analysis and plan, behind it what changes with every event. */
export interface DeploymentLog {
  version?: string
  mode?: string
  deployment_id?: string
  retry_of?: string | null
  group_id?: string | null
  repo_url?: string
  deploy_dir?: string
  target?: string
  project_type?: string | null
  framework?: string | null
  host_info?: Record<string, unknown>
  start_time?: string
  config?: RunConfig
  request?: Record<string, unknown>  // The `deploy/start` params (secrets masked), so that a retry and a reader know what was asked.
  release?: string
  work_dir?: string  // Private folder with the snapshot and the env file, kept for a retry until the deployment succeeds (a week at most).
  repo?: RepoFacts | null
  plan?: DeploymentPlan | null
  steps?: StepResult[]
  user_interactions?: UserInteraction[]  // Questions outside a step (the plan's approval).
  pending_question?: Question | null
  notes?: Note[]
  llm_calls?: LlmCall[]
  execution_summary?: ExecutionSummary | null
  app?: AppInfo | null
  reason?: Reason | null
  cancelling?: boolean
  writer?: Writer | null
  end_time?: string | null
  status?: "running" | "success" | "failed" | "aborted" | "cancelled" | "interrupted"
  summary?: Summary
  seq?: number  // Number of the last event folded in.
}

/** Params that name a deployment. */
export interface DeploymentParams {
  deploymentId: string
}

/** Data only: made by a planner, run by the orchestrator, kept in the log. */
export interface DeploymentPlan {
  strategy: "docker-compose" | "docker" | "traditional" | "static"
  components?: string[]  // Parts of the deployment in words, such as "shop (web)" (format 2.0 has strings here).
  steps: DeploymentStep[]
  risks?: string[]
  notes?: string[]
  estimated_time?: string
  created_at?: string
  app?: AppSpec | null
  required_env?: string[]
  required_services?: string[]
  dependency_cache?: string  // Path on the target that exists when an earlier deployment installed the same dependencies: no registry is needed then.
  images?: string[]  // Container images that the deployment fetches where the engine does not have them.
  choice?: PlanChoice | null
}

/** One step of the plan. */
export interface DeploymentStep {
  id: number
  name: string
  description?: string
  category: "prerequisite" | "setup" | "build" | "deploy" | "verify"
  goal?: string
  success_criteria?: string  // The checks in words, for people.
  estimated_commands?: string[]  // What will run, for people and old readers.
  commands?: PlannedCommand[]
  checks?: (FileCheck | CommandCheck | PortCheck | ProcessCheck | HttpCheck)[]
  depends_on?: number[]
  driver?: "commands" | "start_app" | "verify_app"  // Who decides the step's commands: the planned list, or the app keeper (starting, proving).
}

/** One row of `deploy/list`. */
export interface DeploymentSummary {
  deploymentId: string
  repo: string
  target: string
  status: string
  startTime: string
  endTime?: string | null
  logUri: string
  subdir?: string | null  // The folder that is deployed, inside the repository.
  subdirs?: string[]  // Of a deployment that is one of several: the folders of all, in their order.
  controllable?: boolean  // It runs, and can be cancelled, skipped in and answered from here: not one that a terminal or an attached server runs.
}

/** What one recipe sees in the repository: data only, so that a plan can be made from it alone. */
export interface Detection {
  recipe: string
  project_type: string  // "python", "nodejs", "static", "unknown", … as in the log format.
  framework?: string
  score?: number  // Sum of the evidence weights; the highest wins, 0 or less never does.
  evidence?: Evidence[]
  runnable?: boolean  // A start command (or a folder to serve) was found.
  refusal?: Reason | null  // Why this recipe, if it is chosen, cannot be planned.
  required_env?: EnvVariable[]  // Variables that the app surely reads when it starts, without a default.
  packaging?: boolean  // It packages what other recipes see, for a container engine: it counts only where one answers, and goes before them then.
  details?: Record<string, unknown>  // The recipe's own findings; it alone reads them.
}

/** An environment variable of the app, and where the repository speaks of it. */
export interface EnvVariable {
  name: string
  place?: string  // "file:line"; "" when only the whole of something (a validator's list) demands it.
  default?: string | null  // The value of a committed sample, where it is one to use: no placeholder, and nothing that looks like a secret.
}

/** One thing seen in the repository that speaks for (or, with a negative weight, against) a recipe. */
export interface Evidence {
  file: string  // Path inside the repository; empty when the whole tree is meant.
  saw: string
  weight: number
}

/** Format 2.0: what was reached. */
export interface ExecutionSummary {
  project_name?: string
  deploy_dir?: string
  strategy?: string
  environment?: Record<string, unknown>
  completed_actions?: unknown[]
  configurations?: Record<string, unknown>
  resolved_issues?: ResolvedIssue[]
  last_updated?: string
}

/** The path exists on the target (and is not empty, when a folder). */
export interface FileCheck {
  type?: "file"
  path: string
}

/** The one end of a deployment. */
export interface Finished {
  deploymentId?: string
  seq?: number
  time?: string  // UTC with offset.
  stepId?: number | null
  commandId?: string | null
  attempt?: number | null
  outcome: "success" | "failed" | "aborted" | "cancelled" | "interrupted"
  reason?: Reason | null
  app?: AppInfo | null
  logUri?: string
  summary?: Summary
}

export interface GetResult {
  log: Record<string, unknown>  // The log document exactly as in the file.
  lastSeq: number
}

/** A login for the https server of the repository. Used for this request alone: it is in no log and in no file. */
export interface GitCredential {
  username?: string | null  // None: the one in the URL, else the usual one for tokens of that host.
  token: string  // Token or password.
}

/** How to prove that the app answers. */
export interface HealthSpec {
  path?: string
  expect?: "server" | "static"
  start_timeout_s?: number  // Seconds from start until the port must be open (Heroku's R10 rule: 60).
}

/** The view of the step that the model gets was shortened; the log keeps everything. */
export interface HistoryCompressed {
  deploymentId?: string
  seq?: number
  time?: string  // UTC with offset.
  stepId?: number | null
  commandId?: string | null
  attempt?: number | null
  compression: CompressionEvent
  text: string  // What now stands for the shortened part.
}

/** What probing the target found. */
export interface HostFacts {
  hostname?: string
  os?: string  // "linux", "darwin" or "windows".
  distribution?: string
  kernel?: string
  arch?: string
  shell?: string
  user?: string
  home?: string
  container?: boolean
  systemd?: boolean
  cpu_count?: number
  memory_mb?: number
  disk_free_mb?: number
  tools?: Tool[]  // One entry for each program and version found; the first of a name is the one on PATH.
  docker_engine?: boolean  // A Docker daemon answers (the client alone does not count).
  engine?: ContainerEngine | null  // The container engine that deploys may use: one that answers and runs on the target itself.
  free_ports?: number[]  // A few ports that were free on loopback when probed.
  listening_ports?: number[] | null  // TCP ports something listened on when probed; None: the target does not tell.
}

/** GET `path` at the app's real port answers: "server" means below 500, "static" means 200. */
export interface HttpCheck {
  type?: "http"
  path?: string
  expect?: "server" | "static"
  body_contains?: string
}

/** Stable names of reasons; part of the wire, the log and the CLI's JSON. */
export type Kind = "invalid_request" | "not_found" | "not_trusted" | "invalid_state" | "target_locked" | "deploy_dir_not_ours" | "internal_error" | "invalid_repository_url" | "repository_not_found" | "repository_too_large" | "repository_timeout" | "git_ref_not_found" | "subdir_not_found" | "empty_repository" | "connection_failed" | "authentication_failed" | "manifest_unreadable" | "no_start_command" | "library_nothing_to_run" | "no_runnable_at_root" | "unsupported_ecosystem" | "missing_tool" | "runtime_version_unavailable" | "docker_engine_missing" | "required_service_missing" | "required_env_missing" | "planner_unavailable" | "plan_invalid" | "shell_not_supported" | "plan_rejected" | "command_failed" | "command_timed_out" | "waiting_for_input" | "check_failed" | "dependency_source_unreachable" | "build_needs_network" | "budget_exceeded" | "policy_denied" | "stuck_in_loop" | "step_skipped" | "dependency_not_satisfied" | "model_unavailable" | "model_reply_invalid" | "settings_invalid" | "process_exited_no_port" | "process_exited" | "no_listening_port" | "port_in_use" | "health_check_failed" | "app_not_running" | "cancelled_by_user" | "aborted_by_user" | "server_shutdown" | "process_died" | "log_unwritable" | "log_write_failed" | "log_unreadable"

export interface ListParams {
  limit?: number | null
}

export interface ListResult {
  deployments: DeploymentSummary[]
}

/** One call of a model: its cost in time, tokens and money. */
export interface LlmCall {
  model?: string
  prompt_tokens?: number
  completion_tokens?: number
  latency_ms?: number
  cost_usd?: number | null
  step_id?: number | null
  provider?: string
  purpose?: string  // plan, step, compress or test.
  reply_format?: "json_schema" | "json_object" | "text"  // How the reply's form was asked for.
  temperature?: number | null
  prompt_hash?: string  // SHA-256 of the messages as sent, first 16 hex digits: tells whether two calls were the same.
  error?: string  // Why the call brought no valid reply; "" when it did.
  at?: string
}

/** One call of the model has ended, well or not. */
export interface ModelCalled {
  deploymentId?: string
  seq?: number
  time?: string  // UTC with offset.
  stepId?: number | null
  commandId?: string | null
  attempt?: number | null
  call: LlmCall
}

export interface NamedValue {
  name: string
  value: string
}

/** Params of a request that needs none. */
export interface NoParams {
}

/** Something a reader should know, with its kind. */
export interface Note {
  kind: string
  message: string
  at?: string
  step_id?: number | null
}

export interface NoteAdded {
  deploymentId?: string
  seq?: number
  time?: string  // UTC with offset.
  stepId?: number | null
  commandId?: string | null
  attempt?: number | null
  kind: string
  message: string
}

export interface Option {
  id: string
  label: string
  description?: string
}

/** `deploy/commandOutput`: live output. Not an event: it has no `seq` and is not in the journal. */
export interface OutputChunk {
  deploymentId: string
  commandId: string
  stream: "stdout" | "stderr"
  offset: number  // Byte offset of `text` in the command's output file.
  text: string
}

export interface OutputParams {
  deploymentId: string
  commandId: string
  offset?: number | null  // Byte offset to read from; None: the last part, from the beginning of a line.
  limit?: number
}

export interface OutputResult {
  text: string
  offset: number
  nextOffset: number  // Where to read on.
  size: number  // Bytes in the file now.
}

/** Single decisions of a plan replaced by the user (`--recipe --install --build --start --output-dir --health-path`). */
export interface Overrides {
  recipe?: string | null
  install?: string | null
  build?: string | null
  start?: string | null
  outputDir?: string | null
  healthPath?: string | null
}

export interface PlanChanged {
  deploymentId?: string
  seq?: number
  time?: string  // UTC with offset.
  stepId?: number | null
  commandId?: string | null
  attempt?: number | null
  plan: DeploymentPlan
}

/** Which recipe planned, on what evidence, and who came second. */
export interface PlanChoice {
  recipe: string
  score: number
  evidence?: Evidence[]
  runner_up?: string
  runner_up_score?: number
  package_manager?: string
  framework?: string
}

/** The plan with all its steps, so that a tree can be complete at once. */
export interface PlanReady {
  deploymentId?: string
  seq?: number
  time?: string  // UTC with offset.
  stepId?: number | null
  commandId?: string | null
  attempt?: number | null
  plan: DeploymentPlan
}

export interface PlanResult {
  repo: RepoFacts
  host: HostFacts
  plan: DeploymentPlan
  llmCalls?: LlmCall[]  // What asking the model for it took, a plan alone has no log; empty where no model was asked.
  page?: string  // The plan for people, in Markdown.
}

/** A shell command of a step, as planned. */
export interface PlannedCommand {
  command: string
  cwd?: string  // Absolute path on the target; "" means the deploy directory's parent is enough (any existing folder).
  env?: Record<string, string>  // Additions to the child environment; never secret (secrets come from the app's env file).
  reasoning?: string
  source?: "recipe" | "llm"  // Who planned it.
}

/** What the command policy says about a command, and by which rule. */
export interface PolicyVerdict {
  verdict: "allow" | "ask" | "deny"
  rule?: string  // Id of the rule that decided; "" when none spoke.
  reason?: string
  part?: string  // The simple command the rule is about, where the whole has several.
  decided_by?: "policy" | "user" | "nobody"  // For "ask": who let it run or stopped it; "nobody" when there was no one to ask.
}

/** The app's port accepts connections on loopback. */
export interface PortCheck {
  type?: "port"
}

/** The app's process is alive (a zombie is not). */
export interface ProcessCheck {
  type?: "process"
}

/** Something only the user can decide. */
export interface Question {
  questionId: string
  kind: "choice" | "confirm" | "text" | "secret"
  message: string
  detail?: string
  options?: Option[]
  default?: string | null  // Option id (or text) taken at the time-out; None: there is no safe default, the run stops.
  allowCustom?: boolean
  timeoutMs?: number | null
  risk?: "low" | "high"
  category?: "decision" | "confirmation" | "information" | "error_recovery"
  host?: string  // Of a question for a login: the git server that asks for it, such as "https://git.example.org".
}

export interface QuestionAsked {
  deploymentId?: string
  seq?: number
  time?: string  // UTC with offset.
  stepId?: number | null
  commandId?: string | null
  attempt?: number | null
  question: Question
}

/** The question is answered (or timed out); `response` is what the log keeps ("***" for secrets). */
export interface QuestionResolved {
  deploymentId?: string
  seq?: number
  time?: string  // UTC with offset.
  stepId?: number | null
  commandId?: string | null
  attempt?: number | null
  questionId: string
  response: string
  timedOut?: boolean
}

/** Why a deployment or step did not succeed: what happened, what was looked at, what to do next. */
export interface Reason {
  kind: Kind
  message: string
  suggestions?: Suggestion[]
}

/** A command that was not run, because the policy or the user said so. */
export interface RefusedCommand {
  command: string
  source?: "recipe" | "llm" | "user"
  reasoning?: string
  policy: PolicyVerdict
  at?: string
}

/** A rule or the model changes the course of a step, and why. */
export interface RepairApplied {
  deploymentId?: string
  seq?: number
  time?: string  // UTC with offset.
  stepId?: number | null
  commandId?: string | null
  attempt?: number | null
  reason: Reason
}

/** What analysing the repository found. */
export interface RepoFacts {
  name: string  // Slug for files and apps: `[A-Za-z0-9._-]{1,64}`.
  source: SourceFacts
  file_count?: number
  total_bytes?: number
  top_level?: string[]  // Names at the root of the deployed folder, folders with a trailing "/", at most 200.
  key_files?: string[]
  project_type?: string
  framework?: string
  detections?: Detection[]  // Best first; the second one is the runner-up.
  candidates?: Candidate[]
  ecosystems?: string[]  // Known ecosystems seen without a recipe of ours ("go", "php", "dockerfile", …), strongest first.
  declared_env?: string[]  // Names in .env.example and the like.
  sample_env?: EnvVariable[]  // The same with place and value.
  submodules?: string[]
  lfs_files?: number
  content_id?: string  // Hash of all that a build may read; "" when it is not known: nothing is reused then.
  names_registry?: boolean  // It says itself where its packages come from, not only the target's settings do.
  dependencies_id?: string  // Hash of the manifests, lock files and settings of package managers; "" when it is not known.
  notes?: string[]
}

export interface ResolvedIssue {
  issue: string
  resolution: string
}

export interface RetryParams {
  deploymentId: string
  newDeploymentId: string
  fromStepId?: number | null
  nonInteractive?: boolean
}

export interface RollbackParams {
  name?: string | null
  deployDir?: string | null
  release?: string | null  // The release to go back to; default the one before the current.
}

/** Format 2.0 `config`. */
export interface RunConfig {
  model?: string | null
  temperature?: number | null
  max_iterations_per_step?: number
  settings?: Record<string, unknown>  // All effective settings; they hold no secret.
}

/** `deploy/setEnv`: changes to an app's environment. */
export interface SetEnvParams {
  name?: string | null
  deployDir?: string | null
  set?: Record<string, string>  // Values to add or to replace.
  unset?: string[]  // Names to remove; one that is not there is no error.
}

/** `deploy/setSecret`. */
export interface SetSecretParams {
  name: string  // A provider, or "llm" for whichever is set.
  value: string  // The key; the empty text forgets it.
}

export interface SkipStepParams {
  deploymentId: string
  stepId: number
  satisfiesDependents?: boolean
}

/** Which snapshot of which repository is deployed. */
export interface SourceFacts {
  repo: string  // URL or folder as the user gave it, without credentials.
  ref?: string
  commit?: string  // The full object id of the snapshot (of working trees too).
  subdir?: string  // POSIX path below the repository's root, "" for the root.
  kind?: "commit" | "working_tree"
  uncommitted?: number  // Changed or untracked files that a deploy of HEAD leaves out.
}

/** What to deploy and where; shared by analyze, plan and start. */
export interface SourceParams {
  repo: string  // Git URL (https, ssh, git@host:owner/repo, file) or a local folder.
  ref?: string | null
  subdir?: string | null
  dirty?: boolean  // Deploy the working tree of a local folder rather than its HEAD.
  target?: string
  deployDir?: string | null
  planner?: "auto" | "recipe" | "llm" | null  // None: as the settings say.
  env?: Record<string, string>
  envFile?: string | null
  port?: number | null
  overrides?: Overrides
  noCache?: boolean  // Install and build anew, whatever earlier deployments left to be reused.
  submodules?: boolean  // Fetch the repository's submodules, and theirs, too.
  lfs?: boolean  // Fetch the content of Git LFS files too; git-lfs must be installed.
  gitCredential?: GitCredential | null  // Sent only to the repository's own host, and only when that asks for a login.
  installRuntimes?: boolean  // Consent: a language runtime that is missing or does not fit is installed below the deploy directory.
}

/** `deploy/start`. */
export interface StartParams {
  repo: string  // Git URL (https, ssh, git@host:owner/repo, file) or a local folder.
  ref?: string | null
  subdir?: string | null
  dirty?: boolean  // Deploy the working tree of a local folder rather than its HEAD.
  target?: string
  deployDir?: string | null
  planner?: "auto" | "recipe" | "llm" | null  // None: as the settings say.
  env?: Record<string, string>
  envFile?: string | null
  port?: number | null
  overrides?: Overrides
  noCache?: boolean  // Install and build anew, whatever earlier deployments left to be reused.
  submodules?: boolean  // Fetch the repository's submodules, and theirs, too.
  lfs?: boolean  // Fetch the content of Git LFS files too; git-lfs must be installed.
  gitCredential?: GitCredential | null  // Sent only to the repository's own host, and only when that asks for a login.
  installRuntimes?: boolean  // Consent: a language runtime that is missing or does not fit is installed below the deploy directory.
  deploymentId: string
  approval?: "never" | "plan" | "risky" | "always" | null  // None: as the settings say (`never` unless set).
  nonInteractive?: boolean
  groupId?: string | null  // Deployments of one group belong together, such as the apps of a monorepo: the address of each app that the group has brought up is a variable, APP_<NAME>_URL, of those that are started after it.
  subdirs?: string[]  // Several apps of the repository, in place of `subdir`: one deployment each, in this order. The first has the id of the request, the next ones "<deploymentId>.2", "<deploymentId>.3", …; each begins when the one before has succeeded, whoever is still there then. They are a group, by default one of their own.
  shared?: string[]  // Files and folders that all releases share, besides the data that is found by itself; relative to the deployed folder.
}

export interface StartResult {
  deploymentId: string
  logUri: string
}

/** The deployment exists: its log file is there, with this content. */
export interface Started {
  deploymentId?: string
  seq?: number
  time?: string  // UTC with offset.
  stepId?: number | null
  commandId?: string | null
  attempt?: number | null
  log: DeploymentLog
  logUri: string
}

/** The end of an attempt, without its commands. For a step that never started (blocked, skipped, reused) the only event. */
export interface StepFinished {
  deploymentId?: string
  seq?: number
  time?: string  // UTC with offset.
  stepId?: number | null
  commandId?: string | null
  attempt?: number | null
  step: StepResult
}

/** One attempt at one step. Another try is a further entry with the same `step_id`. */
export interface StepResult {
  step_id: number
  step_name: string
  category?: "prerequisite" | "setup" | "build" | "deploy" | "verify" | string
  attempt?: number
  reused?: boolean  // Taken over from the deployment this one retries: its checks passed again.
  started_at?: string
  commands?: CommandRecord[]
  status?: "running" | "success" | "failed" | "skipped" | "blocked" | "cancelled" | "interrupted"
  iterations?: number
  compressed?: boolean
  compressed_history?: string | null
  compression_events?: CompressionEvent[]
  user_interactions?: UserInteraction[]
  structured_outputs?: StructuredOutputs
  error?: string | null
  timestamp?: string  // Its start while running, then its end (naive local).
  ended_at?: string
  current_command?: CurrentCommand | null
  checks?: CheckResult[]
  repairs?: Reason[]
  refused_commands?: RefusedCommand[]
  reason?: Reason | null
  satisfies_dependents?: boolean  // A skipped step whose dependents may run all the same: the user said so.
}

export interface StepStarted {
  deploymentId?: string
  seq?: number
  time?: string  // UTC with offset.
  stepId?: number | null
  commandId?: string | null
  attempt?: number | null
  step: StepResult
}

/** What a step hands to later ones. */
export interface StructuredOutputs {
  summary?: string
  key_info?: NamedValue[] | Record<string, unknown>  // Ours: list of {name, value}; old logs have an object here.
}

export interface SubscribeParams {
  deploymentId: string
  afterSeq?: number
}

export interface SubscribeResult {
  lastSeq: number
  resync?: boolean
  log?: Record<string, unknown> | null
}

/** One thing to do next. `text` is plain words that fit every client: it names no option of a command line and no request. */
export interface Suggestion {
  text: string
  option?: "subdir" | "ref" | "dirty" | "env" | "envFile" | "deployDir" | "port" | "planner" | "shared" | "installRuntimes" | "overrides.recipe" | "overrides.install" | "overrides.build" | "overrides.start" | "overrides.outputDir" | "overrides.healthPath" | "initializationOptions.logDir" | null  // The option of a deployment that it is about.
  value?: string | null  // What to give it, where that is known; of `env` the variable's name.
  command?: string | null  // What to type in a terminal.
}

/** Format 2.0 `summary`. */
export interface Summary {
  total_steps?: number
  successful_steps?: number
  total_commands?: number
  duration_seconds?: number
}

/** `deploy/testModel`: what to try instead of what is set. */
export interface TestModelParams {
  provider?: string | null
  model?: string | null
  endpoint?: string | null
}

/** What a small call of the model showed. */
export interface TestModelResult {
  ok: boolean
  model: string  // As the endpoint names it.
  latencyMs: number  // Milliseconds of the call that brought the reply; of a test that failed, of all of it.
  replyFormat?: string | null  // How it can be made to answer in the form that is needed: json_schema, json_object or text.
  message: string  // For people: who answered, or what failed.
  kind?: Kind | null  // What failed.
  suggestions?: Suggestion[]
}

/** A program found on the target. */
export interface Tool {
  name: string
  path: string
  version?: string  // Dotted numbers only, e.g. "20.19.2"; empty when it would not tell.
}

/** How an app that has proven itself is kept up: started again when it crashes, its log kept small. */
export interface UpkeepSpec {
  restart_delay_s?: number  // Seconds before it is started again; twice as long after each further quick crash.
  restart_delay_max_s?: number
  steady_s?: number  // A run of so many seconds is no quick crash: counting begins anew.
  quick_crashes?: number  // After so many quick crashes in a row it is not started again.
  log_max_bytes?: number  // Size at which its log is rotated.
  log_kept?: number  // Rotated logs that are kept.
}

/** Format 2.0: one question and its answer (answers of type secret are "***"). */
export interface UserInteraction {
  question: string
  response: string
  question_id?: string
  at?: string
}

/** Who writes (or wrote) this log; a sweep on another host leaves it alone. */
export interface Writer {
  pid: number
  boot_id: string
  host: string
}
