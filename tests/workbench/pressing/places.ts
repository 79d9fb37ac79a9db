/** Where entries are: what is offered there, and how it is pressed. */
import type { Locator } from "playwright-core";
import { appears, type Workbench } from "../workbench.ts";

export interface Place {
  /** Labels of what can be pressed there; " (disabled)" behind those that are shown all the same. */
  offered(workbench: Workbench): Promise<string[]>;
  press(workbench: Workbench, label: string, inline: boolean): Promise<unknown>;
}

export type View = "Deployments" | "Apps";

const ENTRY = ".monaco-menu .action-item:not(.disabled) > .action-menu-item > .action-label";
/** Our commands of the palette; the editor's own, which show our views, are not meant. */
export const PALETTE: Place = {
  async offered(workbench) {
    await workbench.palette("Auto-Deployer: ");
    await workbench.choice("Auto-Deployer: ").first().waitFor();
    const labels = await labelsOf(workbench.page.locator(".quick-input-list .monaco-list-row"));
    const titles = labels.flatMap((label) => /^Auto-Deployer: ([^,]*)/.exec(label)?.[1] ?? []);
    return titles.filter((title) => !title.startsWith("Focus on"));
  },
  async press(workbench, label) {
    await workbench.palette(`Auto-Deployer: ${label}`);
    const name = `Auto-Deployer: ${label}`;
    const exact = `.quick-input-list .monaco-list-row:is([aria-label="${name}"], [aria-label^="${name},"])`;
    await workbench.page.locator(exact).first().click();
  },
};

/** The first row with this in its accessibility label: its buttons and its context menu. */
export function rowOf(text: string, view: View = "Deployments"): Place {
  const row = (workbench: Workbench): Locator => workbench.row(text, view).first();
  return {
    async offered(workbench) {
      await row(workbench).hover();
      const inline = await labelsOf(row(workbench).locator("a.action-label:not(.disabled)"));
      await row(workbench).click({ button: "right" });
      return [...inline, ...(await menuEntries(workbench))];
    },
    async press(workbench, label, inline) {
      if (inline) {
        await workbench.act(row(workbench), label);
      } else {
        await takeFromMenu(workbench, row(workbench), label);
      }
    },
  };
}

/** The row itself, which opens something. */
export function clickOn(text: string, view: View = "Deployments"): Place {
  return {
    offered: async () => [],
    press: (workbench) => workbench.row(text, view).first().click(),
  };
}

/** The title of a view: its buttons, and the menu behind its three dots. */
export function titleOf(view: View): Place {
  const header = (workbench: Workbench): Locator => workbench.pane(view).locator(".pane-header");
  const buttons = (workbench: Workbench): Locator => header(workbench).locator("li.menu-entry a.action-label");
  const more = async (workbench: Workbench): Promise<void> => {
    const menu = workbench.page.locator(".monaco-menu .action-label").first();
    for (let tries = 0; !(await menu.isVisible()) && tries < 5; tries += 1) {
      await header(workbench).locator('a.action-label[aria-label*="More Actions"]').click(); // lost while the title is drawn anew
      await menu.waitFor({ timeout: 3000 }).catch(() => undefined);
    }
  };
  return {
    async offered(workbench) {
      await header(workbench).hover();
      const inline = await labelsOf(buttons(workbench));
      await more(workbench);
      return [...inline.filter((label) => !label.startsWith("Collapse All")), ...(await menuEntries(workbench))];
    },
    async press(workbench, label) {
      await header(workbench).hover();
      const button = buttons(workbench).and(workbench.page.locator(`[aria-label="${label}"]`));
      if ((await button.count()) > 0) {
        await button.click();
      } else {
        await more(workbench);
        await takeEntry(workbench, label);
      }
    },
  };
}

/** Buttons of the notification with this text. */
export function notification(text: string): Place {
  const buttons = (workbench: Workbench): Locator => {
    return workbench.toast(text).first().locator(".notification-list-item-buttons-container .monaco-button");
  };
  return {
    async offered(workbench) {
      await buttons(workbench).first().waitFor();
      return buttons(workbench).allTextContents();
    },
    press: (workbench, label) => withText(buttons(workbench), label).click(),
  };
}

/** Links of an empty view. */
export function welcomeOf(view: View): Place {
  const links = (workbench: Workbench): Locator => workbench.pane(view).locator(".welcome-view-content a");
  return {
    async offered(workbench) {
      await links(workbench).first().waitFor();
      return links(workbench).allTextContents();
    },
    press: (workbench, label) => withText(links(workbench), label).click(),
  };
}

/** Buttons of the steps of our walkthrough, of which one is open at a time. */
export const WALKTHROUGH: Place = {
  offered: (workbench) => openSteps(workbench),
  async press(workbench, label) {
    await openSteps(workbench, label);
    await withText(workbench.page.locator(".getting-started-step .monaco-button"), label).click();
  },
};

/** Links in the description of a setting. */
export function settingOf(name: string): Place {
  const links = ({ page }: Workbench): Locator => page.locator(`.settings-editor [data-key="${name}"] .setting-item-markdown a`);
  return {
    async offered(workbench) {
      await links(workbench).first().waitFor();
      return links(workbench).allTextContents();
    },
    press: (workbench, label) => withText(links(workbench), label).click(),
  };
}

/** Opens one step after the other, at most until one has this label; the labels that were seen. */
async function openSteps({ page }: Workbench, label?: string): Promise<string[]> {
  const steps = page.locator(".gettingStartedContainer .getting-started-step");
  await steps.first().waitFor();
  const found: string[] = [];
  for (let nth = 0; nth < (await steps.count()) && !(label && found.includes(label)); nth += 1) {
    await steps.nth(nth).click({ position: { x: 60, y: 12 } });
    await steps.nth(nth).locator(".monaco-button").first().waitFor();
    found.push(...(await steps.nth(nth).locator(".monaco-button").allTextContents()));
  }
  return found;
}

async function menuEntries({ page }: Workbench): Promise<string[]> {
  await page.locator(".monaco-menu .action-label").first().waitFor();
  return (await page.locator(ENTRY).allTextContents()).filter((text) => text !== "");
}

/** Rows move while they are drawn: the menu may be another row's. */
async function takeFromMenu(workbench: Workbench, row: Locator, label: string): Promise<void> {
  const { page } = workbench;
  for (let tries = 0; tries < 5; tries += 1) {
    await row.click({ button: "right" });
    if (await appears(withText(page.locator(ENTRY), label), 2000)) {
      break;
    }
    await page.keyboard.press("Escape");
  }
  await takeEntry(workbench, label);
}

async function takeEntry({ page }: Workbench, label: string): Promise<void> {
  await withText(page.locator(ENTRY), label).hover();
  await page.keyboard.press("Enter");
}

function withText(elements: Locator, text: string): Locator {
  return elements
    .getByText(text, { exact: true })
    .or(elements.filter({ hasText: new RegExp(`^${escaped(text)}$`) }))
    .first();
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function labelsOf(elements: Locator): Promise<string[]> {
  return elements.evaluateAll((all) =>
    all.map((one) => {
      return one.getAttribute("aria-label") + (one.getAttribute("aria-disabled") === "true" ? " (disabled)" : "");
    }),
  );
}
