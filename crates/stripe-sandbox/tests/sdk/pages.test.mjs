// The hosted pages in a real browser: axe finds nothing in light and dark, wide and narrow, and forms work without scripts.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "@playwright/test";
import axe from "axe-core/axe.min.js";
import { CARDS, payer, start, submit } from "./sandbox.mjs";
import { client } from "./walk.mjs";

let sandbox;
let browser;
let places;

before(async () => {
  sandbox = await start();
  browser = await chromium.launch({
    executablePath: process.env.KEYRACK_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"],
  });
  places = await furnish(client(sandbox.base, undefined, () => {}));
});
after(async () => {
  await browser?.close();
  sandbox?.stop();
});

/** Makes something to see on every page, and says where. */
async function furnish(stripe) {
  const urls = { success_url: `${sandbox.base}/sandbox`, cancel_url: "https://shop.example/cart" };
  const price = { currency: "eur", unit_amount: 2999, product_data: { name: "Hotel Basic" }, recurring: { interval: "month" } };
  const subscribe = () => stripe.checkout.sessions.create({ ...urls, mode: "subscription", line_items: [{ price_data: price, quantity: 1 }] });
  const bought = await subscribe();
  await submit(sandbox.base, bought.url, payer(CARDS.renewalsFail));
  await sandbox.control("advance", { to: "next_renewal" });
  const disputed = await subscribe();
  await submit(sandbox.base, disputed.url, payer(CARDS.disputed));
  const asking = await submit(sandbox.base, (await subscribe()).url, payer(CARDS.authenticates));
  const { customer, subscription } = await stripe.checkout.sessions.retrieve(bought.id);
  const portal = await stripe.billingPortal.sessions.create({ customer, return_url: "https://shop.example/account" });
  const [open] = (await stripe.invoices.list({ subscription, status: "open" })).data;
  return {
    control: "/sandbox",
    checkout: (await subscribe()).url,
    complete: bought.url,
    authentication: asking.location,
    portal: portal.url,
    invoice: open.hosted_invoice_url,
  };
}

test("axe finds nothing on any page", async () => {
  let checked = 0;
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1280, 360]) {
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } });
      const page = await context.newPage();
      for (const [name, url] of Object.entries(places)) {
        await page.goto(new URL(url, sandbox.base).href);
        if (name === "portal") await page.getByText("Use another card").click();
        await inspect(page, `${name}, ${colorScheme}, ${width}`);
        checked += 1;
      }
      await page.goto(places.checkout);
      await page.getByRole("button", { name: "Card is declined" }).click();
      await page.getByRole("button", { name: /^Subscribe and pay/ }).click();
      await page.getByText("Your card was declined.").waitFor();
      await inspect(page, `declined, ${colorScheme}, ${width}`);
      checked += 1;
      await context.close();
    }
  }
  console.log(`${checked} pages inspected by axe`);
});

async function inspect(page, name) {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const { violations } = await axe.run(document, { runOnly, resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
  });
  assert.deepEqual(found, [], name);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(overflow <= 0, `${name} is ${overflow} px too wide`);
}

test("a purchase works without scripts and by keyboard", async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(places.checkout);
  await page.getByRole("button", { name: "3-D Secure needed" }).click();
  await page.getByLabel("Card number").press("Enter");
  await page.getByRole("button", { name: "Complete" }).press("Enter");
  await page.waitForURL(`${sandbox.base}/sandbox`);
  assert.match(await page.locator("main").innerText(), /checkout\.session\.completed/);
  await context.close();
});
