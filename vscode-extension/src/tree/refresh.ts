/** Collects what has changed, and tells it four times a second at most. */

/** VS Code waits until a tree's provider has been silent for 200 ms: told more often, it would show nothing new until the end. */
const EVERY_MS = 250;

export class Refresh<T> {
  private readonly changed = new Set<T | undefined>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly tell: (changed: T | undefined) => void) {}

  /** `undefined` stands for everything. */
  add(changed: T | undefined): void {
    this.changed.add(changed);
    this.timer ??= setTimeout(() => this.flush(), EVERY_MS);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  private flush(): void {
    this.timer = undefined;
    const all = this.changed.has(undefined) ? [undefined] : [...this.changed];
    this.changed.clear();
    all.forEach(this.tell);
  }
}
