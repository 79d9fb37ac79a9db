/** Every icon we show: a codicon and a theme colour, so that they follow the user's theme. */
export interface Icon {
  readonly codicon: string;
  readonly color?: string;
}

export const ICONS = {
  pending: { codicon: "circle-outline" },
  running: { codicon: "loading~spin", color: "charts.blue" },
  cancelling: { codicon: "loading~spin", color: "charts.orange" },
  success: { codicon: "pass", color: "testing.iconPassed" },
  failed: { codicon: "error", color: "testing.iconFailed" },
  skipped: { codicon: "debug-step-over", color: "testing.iconSkipped" },
  blocked: { codicon: "lock", color: "testing.iconSkipped" },
  cancelled: { codicon: "circle-slash", color: "testing.iconSkipped" },
  aborted: { codicon: "circle-slash", color: "testing.iconSkipped" },
  interrupted: { codicon: "debug-disconnect", color: "list.warningForeground" },
  notRun: { codicon: "dash", color: "testing.iconSkipped" },
  question: { codicon: "question", color: "charts.orange" },
  reason: { codicon: "info", color: "testing.iconFailed" },
  choice: { codicon: "info", color: "testing.iconSkipped" },
  note: { codicon: "note" },
  commands: { codicon: "list-ordered" },
  link: { codicon: "globe", color: "charts.green" },
  stopped: { codicon: "debug-stop", color: "testing.iconSkipped" },
  crashed: { codicon: "flame", color: "testing.iconFailed" },
  line: { codicon: "blank" },
} as const satisfies Record<string, Icon>;

export type IconName = keyof typeof ICONS;
