/** What a press shows, and how that is put away again. */
import type { Locator, Page } from "playwright-core";
import type { Workbench } from "../workbench.ts";

export interface Sight {
  /** Made before the press: what is waited for in `seen` may be over when the press returns. */
  watch?(workbench: Workbench): unknown;
  /** Resolves once it is to be seen. */
  seen(workbench: Workbench, watched: unknown): Promise<unknown>;
  /** Brings the state before the press back; inputs, dialogs, menus, editors and the panel are closed for every sight. */
  back?(workbench: Workbench, watched: unknown): Promise<unknown>;
}

/** The entry is there, and pressed in another state that it looks the same in. */
export const OFFERED = "offered";
/** The entry is there and cannot be pressed. */
export const DISABLED = "disabled";

export const PATIENCE = { timeout: 20_000 };

/** A list or an input with this title, and this text in it. */
export function asks(title: string, text: string | RegExp = ""): Sight {
  return {
    seen: async ({ page }) => {
      const widget = page.locator(".quick-input-widget").filter({ has: page.locator(".quick-input-title", { hasText: title }) });
      await widget.filter({ hasText: text }).waitFor(PATIENCE);
    },
  };
}

/** The editor shows this text. */
export function editor(text: string): Sight {
  return { seen: (workbench) => workbench.editor(text).first().waitFor(PATIENCE) };
}

/** A page of the editor's own with this text. */
export function page(text: string): Sight {
  return { seen: ({ page }) => page.locator(".editor-instance").getByText(text).first().waitFor(PATIENCE) };
}

/** A part of the window. */
export function shown(selector: string): Sight {
  return { seen: ({ page }) => page.locator(selector).first().waitFor(PATIENCE) };
}

/** The output panel shows this text. */
export function panel(text: string | RegExp): Sight {
  return { seen: ({ page }) => page.locator(".part.panel .view-lines", { hasText: text }).waitFor(PATIENCE) };
}

export function tells(text: string): Sight {
  return {
    seen: (workbench) => workbench.toast(text).first().waitFor(PATIENCE),
    back: (workbench) => dismissAll(workbench),
  };
}

/** A row that was not there before the press (or was told otherwise), until `back`. */
export function row(label: string, view?: string, back?: Sight["back"]): Sight {
  return { seen: (workbench) => workbench.row(label, view).first().waitFor(PATIENCE), back };
}

/** A window that asks, with this text. */
export function dialog(text: string): Sight {
  return { seen: ({ page }) => page.locator(".monaco-dialog-box", { hasText: text }).waitFor(PATIENCE) };
}

/** A page of the browser with this text. */
export function browser(text: string): Sight {
  return {
    watch: ({ page }) =>
      page
        .context()
        .waitForEvent("page", PATIENCE)
        .catch(() => undefined),
    seen: async (_, opened) => {
      const page = (await opened) as Page | undefined;
      if (page === undefined) {
        throw new Error("no page of the browser was opened");
      }
      await page.getByText(text).waitFor(PATIENCE);
      await page.close();
    },
  };
}

/** The clipboard has a text that begins like this. */
export function clipboard(text: string): Sight {
  return {
    seen: (workbench) =>
      within(workbench, `${text} is not in the clipboard`, async () => {
        return ((await workbench.page.evaluate("navigator.clipboard.readText()")) as string).startsWith(text);
      }),
    back: ({ page }) => page.evaluate("navigator.clipboard.writeText('')"),
  };
}

/** Another process with this in its command line has taken the place of the one before. */
export function newProcess(of: (workbench: Workbench) => number[]): Sight {
  return {
    watch: of,
    seen: (workbench, before) => {
      return within(workbench, "it goes on as the process that it was", () => {
        return of(workbench).some((pid) => !(before as number[]).includes(pid));
      });
    },
  };
}

/** One after the other. */
export function both(first: Sight, second: Sight): Sight {
  return {
    watch: (workbench) => [first.watch?.(workbench), second.watch?.(workbench)],
    seen: async (workbench, watched) => {
      const [one, other] = watched as [unknown, unknown];
      await first.seen(workbench, one);
      await second.seen(workbench, other);
    },
    back: async (workbench, watched) => {
      const [one, other] = watched as [unknown, unknown];
      await first.back?.(workbench, one);
      await second.back?.(workbench, other);
    },
  };
}

export async function within(workbench: Workbench, fault: string, done: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + PATIENCE.timeout; !(await done()); ) {
    if (Date.now() > end) {
      throw new Error(fault);
    }
    await workbench.page.waitForTimeout(100);
  }
}

/** Close whatever a press may have opened, but for what the next press needs: rows and notifications. */
export async function putAway({ page }: Workbench): Promise<void> {
  const open = page.locator(".quick-input-widget:visible, .monaco-dialog-box:visible, .monaco-menu:visible");
  for (let tries = 0; (await open.count()) > 0 && tries < 20; tries += 1) {
    await page.keyboard.press("Escape");
    await page.waitForTimeout(50);
  }
  await clickAll(page, page.locator(".monaco-modal-editor-block .action-label.codicon-close"));
  for (let tries = 0; (await page.locator(".editor-group-container .tab").count()) > 0 && tries < 20; tries += 1) {
    await page.keyboard.press("Control+k");
    await page.keyboard.press("Control+w");
    await page.waitForTimeout(50);
  }
  await clickAll(page, page.locator('.part.panel:visible a.action-label[aria-label^="Hide Panel"]'));
  await page.mouse.move(400, 5); // a description that is shown under the mouse covers the next row
}

export async function dismissAll({ page }: Workbench): Promise<void> {
  await clickAll(page, page.locator(".notification-toast .codicon-notifications-clear"));
}

async function clickAll(page: Page, buttons: Locator): Promise<void> {
  for (let tries = 0; (await buttons.count()) > 0 && tries < 20; tries += 1) {
    await buttons
      .first()
      .click({ timeout: 1000, force: true })
      .catch(() => undefined);
    await page.waitForTimeout(30);
  }
}
