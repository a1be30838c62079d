import { AxeBuilder } from "@axe-core/playwright";
import { test as base, expect, type Page } from "@playwright/test";

export const reception = { login: "reception@harbour.example", password: "HarbourDesk1!" };
export const owner = { login: "owner@harbour.example", password: "HarbourDesk1!" };

/** A page that fails its test on any console error, hydration warning or uncaught exception. */
export const test = base.extend<{ allowStatus: (status: number) => void }>({
  allowStatus: async ({ page }, use) => {
    const problems: string[] = [];
    const allowed = new Set<number>();
    page.on("console", (message) => {
      const text = message.text();
      // The browser itself reports a page that answers 404; a test that asks for one says so.
      const status = /status of (\d+)/.exec(text)?.[1];
      if (status && allowed.has(Number(status))) return;
      if (message.type() === "error" || /hydrat/i.test(text)) problems.push(text);
    });
    page.on("pageerror", (error) => problems.push(String(error)));
    await use((status) => void allowed.add(status));
    expect(problems).toEqual([]);
  },
});

/** Waits until the page has come alive; without JavaScript there is nothing to wait for. */
export async function alive(page: Page, javaScriptEnabled: boolean | undefined) {
  if (javaScriptEnabled && page.url().includes("/desk")) {
    // The unoptimised program of the tests is several MB; a busy machine takes its time to compile it.
    await expect(page.locator(".live")).toHaveText("Live", { timeout: 20_000 });
  }
}

/** Signs in through the page, as people do. */
export async function signInByForm(page: Page, who: { login: string; password: string }, next = "/desk") {
  await page.goto(next);
  await page.getByLabel("E-mail or user name").fill(who.login);
  await page.getByLabel("Password").fill(who.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => url.pathname.startsWith("/desk"));
}

/** Sends what the sign-in form sends, and opens a page: for paths that begin after it, since a page takes a second. */
export async function signIn(page: Page, who: { login: string; password: string }, next = "/desk") {
  const answer = await page.request.post("/actions/sign-in", {
    form: { ...who, next: "/desk" }, headers: { "Sec-Fetch-Site": "same-origin", Accept: "text/html" }, maxRedirects: 0,
  });
  expect(answer.status()).toBe(303);
  await page.goto(next);
}

/** axe finds nothing. It needs JavaScript in the page. */
export async function accessible(page: Page, javaScriptEnabled: boolean | undefined) {
  if (!javaScriptEnabled) return;
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
  expect(violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.target).join(" ")}`)).toEqual([]);
}

/** A date some days from today, as a date field wants it. */
export function day(offset: number): string {
  return new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
}

export { expect };
