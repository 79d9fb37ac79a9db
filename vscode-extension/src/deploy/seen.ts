/** Deployments that this workspace saw running and whose end was not told yet: kept, so that a window opened later tells it, once. */
import type { Memento } from "./memory";

const KEY = "seenRunning";

export class SeenRunning {
  private readonly ids: Set<string>;

  constructor(private readonly memento: Memento) {
    this.ids = new Set(memento.get<string[]>(KEY, []));
  }

  add(running: readonly string[]): void {
    const before = this.ids.size;
    for (const id of running) {
      this.ids.add(id);
    }
    this.keep(this.ids.size !== before);
  }

  /** It has ended: whether that is news. Only the first to ask is told so. */
  takeEnded(id: string): boolean {
    const isNews = this.ids.delete(id);
    this.keep(isNews);
    return isNews;
  }

  private keep(changed: boolean): void {
    if (changed) {
      void this.memento.update(KEY, [...this.ids]);
    }
  }
}
