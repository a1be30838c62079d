import { test as base, expect, type BrowserContext, type Page } from "@playwright/test";
import type { RunOptions } from "axe-core";
import { source as axeSource } from "axe-core/axe.min.js";

declare const axe: typeof import("axe-core");

export const reception = { login: "reception@harbour.example", password: "HarbourDesk1!" };
export const owner = { login: "owner@harbour.example", password: "HarbourDesk1!" };

interface Watch {
  /** The browser itself reports what is answered with an error; a test that asks for it, or where it may happen, says so. */
  allowStatus: (status: number) => void;
  /** Another context than the test's own, watched like it. */
  watched: (context: BrowserContext) => BrowserContext;
}

/** What the browser complained of in this test. */
export const problems: string[] = [];

/** Any console error, hydration warning or uncaught exception, on whatever page it opens, fails a test. */
export const test = base.extend<{ watch: Watch }>({
  // Automatic: a test that does not name it is watched, too.
  watch: [async ({ context }, use) => {
    problems.length = 0;
    const allowed = new Set<number>();
    const watched = (context: BrowserContext) => {
      context.on("console", (message) => {
        const text = message.text();
        const status = /status of (\d+)/.exec(text)?.[1];
        if (status && allowed.has(Number(status))) return;
        if (message.type() === "error" || /hydrat/i.test(text)) problems.push(text);
      });
      context.on("weberror", (error) => problems.push(String(error.error())));
      return context;
    };
    watched(context);
    await use({ allowStatus: (status) => void allowed.add(status), watched });
    expect(problems).toEqual([]);
  }, { auto: true }],
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
  await send(page, "sign-in", { ...who, next: "/desk" });
  await page.goto(next);
}

/** A new hotel with four rooms, whose owner is signed in: what is done in it meets no other test. */
export async function ownHotel(page: Page) {
  const name = `h${Date.now()}${Math.floor(Math.random() * 1e6)}`;
  const who = { login: `owner-${name}@house.example`, password: "a long sentence" };
  const fields = {
    hotel_name: `House ${name}`, currency: "EUR", time_zone: "Europe/Dublin", rooms: "Ground; 1-4; Single; 80",
    owner_name: "Ola Owner", owner_email: who.login, password: who.password,
  };
  await send(page, "register", Object.fromEntries(Object.entries(fields).map(([key, value]) => [`form[${key}]`, value])));
  return who;
}

/** The part of a page under a heading. */
export function panel(page: Page, heading: string) {
  return page.locator("section", { has: page.getByRole("heading", { name: heading, exact: true }) });
}

/** Sends what a form of ours sends, and says where it leads. */
export async function send(page: Page, action: string, form: Record<string, string>): Promise<string> {
  const answer = await page.request.post(`/actions/${action}`, {
    form, headers: { "Sec-Fetch-Site": "same-origin", Accept: "text/html" }, maxRedirects: 0,
  });
  expect(answer.status()).toBe(303);
  return answer.headers().location;
}

/** axe finds nothing, and on one screen nothing pale in the dark either. It needs JavaScript in the page. */
export async function accessible(page: Page, javaScriptEnabled: boolean | undefined) {
  if (!javaScriptEnabled) return;
  // axe's own runner for Playwright opens a page of its own for each look, which takes longer than the look.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axeSource);
  const found = (runOnly: RunOptions["runOnly"]) =>
    page.evaluate(async (runOnly) => {
      const { violations } = await axe.run({ runOnly, resultTypes: ["violations"] });
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target).join(" ")}`);
    }, runOnly);
  expect(await found(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])).toEqual([]);
  if (base.info().project.name !== "desktop") return;
  const isCalm = await page.evaluate(() => matchMedia("(prefers-reduced-motion: reduce)").matches);
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  // Colours begin to change with the next picture, and nobody else asks for one; what moves is between light and dark.
  await page.evaluate(async () => {
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    const changes = () => document.getAnimations().filter((animation) => animation instanceof CSSTransition);
    while (changes().length) await Promise.allSettled(changes().map((change) => change.finished));
  });
  expect(await found({ type: "rule", values: ["color-contrast"] }), "in the dark").toEqual([]);
  await page.emulateMedia({ colorScheme: null, reducedMotion: isCalm ? "reduce" : null });
}

/** A date some days from today, as a date field wants it. */
export function day(offset: number): string {
  return new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
}

export { expect };
