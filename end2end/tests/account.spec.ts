import { accessible, alive, day, expect, owner, panel, signIn, test } from "./support";
import type { Page } from "@playwright/test";

// How pages move into each other is looked at on the paths of the desk.
test.use({ contextOptions: { reducedMotion: "reduce" } });

/** A customer of this test alone, signed in. */
async function signUp(page: Page) {
  await page.goto("/sign-up");
  await page.getByLabel("E-mail").fill(`ada${Date.now()}${Math.floor(Math.random() * 1e6)}@customer.example`);
  await page.getByLabel("Password").fill("TestPass123@");
  await page.getByRole("button", { name: "Create an account" }).click();
  await page.waitForURL("**/account/plans");
}

/** Pays on the provider's page with a test card, and comes back. */
async function pay(page: Page, card: RegExp) {
  await page.waitForURL(/\/pay\//);
  await page.getByRole("button", { name: card }).click();
  await page.getByRole("button", { name: /^(Subscribe and pay|Pay) / }).click();
}

/** A new house, and who owns it, signed in: companies of the demo are shared by all tests. */
async function newCompany(page: Page) {
  const name = `o${Date.now()}${Math.floor(Math.random() * 1e6)}`;
  await page.goto("/register");
  await page.getByLabel("Name of the hotel").fill(`House ${name}`);
  await page.getByLabel("E-mail of the hotel").fill(`${name}@house.example`);
  await page.getByLabel("Your name").fill("Olga Owner");
  await page.getByLabel("Your e-mail").fill(`owner-${name}@house.example`);
  await page.getByLabel("Password").fill("a sentence is good");
  await page.getByRole("button", { name: "Register the hotel" }).click();
  await page.waitForURL(/\/desk/);
}

/** What an invoice needs, as the checkout asks for it. */
async function address(page: Page) {
  await page.getByLabel("First name").fill("Ada");
  await page.getByLabel("Last name").fill("Byron");
  await page.getByLabel("Street and number").fill("Am Wall 1");
  await page.getByLabel("Postal code").fill("28195");
  await page.getByLabel("City").fill("Bremen");
  await page.getByLabel("Country").selectOption("Germany");
  await page.getByRole("button", { name: "Go on to the total" }).click();
}

test("a customer signs up, orders a plan with an add-on and tokens, pays, changes and leaves", async ({ page, javaScriptEnabled, watch }) => {
  // What the sandbox answers to a card that is declined.
  watch.allowStatus(402);
  // A long way, with pages of three servers on it.
  test.slow();
  await signUp(page);
  await accessible(page, javaScriptEnabled);
  await page.getByRole("radio", { name: "Choose Basic" }).check();
  await page.getByRole("checkbox", { name: /^Priority Support/ }).check();
  await page.getByRole("checkbox", { name: /^500 tokens/ }).check();
  await page.getByRole("button", { name: "Review order" }).click();

  // Where they live decides the tax, so that is asked before the total is said.
  await page.getByRole("button", { name: "Go on to the total" }).click();
  await expect(page.getByText("Please look at the marked fields")).toBeVisible();
  await accessible(page, javaScriptEnabled);
  await address(page);
  await expect(page.getByText("28195 Bremen")).toBeVisible();
  await expect(page.getByRole("button", { name: "Order for € 35.69" })).toBeVisible();
  await page.getByRole("link", { name: /^Card/ }).click();
  await expect(page.getByRole("button", { name: "Pay € 35.69" })).toBeVisible();
  await accessible(page, javaScriptEnabled);
  await page.getByRole("button", { name: "Pay € 35.69" }).click();

  // A card that is refused leaves everything as it is; another one pays.
  await pay(page, /0002/);
  await expect(page.getByText("Your card was declined")).toBeVisible();
  await pay(page, /4242/);
  await page.waitForURL(/\/account\/invoices\//);
  await expect(page.getByText("Your payment has arrived")).toBeVisible();
  await accessible(page, javaScriptEnabled);
  const pdf = await page.request.get((await page.getByRole("link", { name: "Download PDF" }).getAttribute("href"))!);
  expect(pdf.headers()["content-type"]).toBe("application/pdf");

  await page.goto("/account");
  await expect(page.getByRole("heading", { name: "Basic" })).toBeVisible();
  await expect(page.getByText("Renews on")).toBeVisible();
  await expect(page.getByText("600 left")).toBeVisible();
  await page.getByRole("button", { name: "Cancel Priority Support" }).click();
  await expect(page.getByText("cancelled, runs until")).toBeVisible();
  await accessible(page, javaScriptEnabled);
  await page.goto("/account/tokens");
  await expect(page.getByRole("cell", { name: "+500" })).toBeVisible();
  await accessible(page, javaScriptEnabled);

  // A better plan: what the preview says is what the invoice and the provider's page ask for.
  await page.goto("/account");
  await page.getByRole("link", { name: "Change plan" }).click();
  const upgrade = page.locator("section", { hasText: "Pro" }).getByRole("button", { name: /Upgrade for/ });
  const amount = (await upgrade.innerText()).replace("Upgrade for ", "");
  await accessible(page, javaScriptEnabled);
  await upgrade.click();
  await page.waitForURL(/\/pay\//);
  await expect(page.getByText(amount.replace(/\s/g, "")).first()).toBeVisible();
  await pay(page, /4242/);
  await page.waitForURL(/\/account\/invoices\//);
  await page.goto("/account");
  await expect(page.getByRole("heading", { name: "Pro" })).toBeVisible();

  // A lesser one is to come, with its price and day, until it is not.
  await page.getByRole("link", { name: "Change plan" }).click();
  const lesser = page.locator("section", { hasText: "Basic" });
  await expect(lesser.getByText(/^From /)).toBeVisible();
  await expect(lesser.getByText("€ 11.89")).toBeVisible();
  await lesser.getByRole("button", { name: "Switch at renewal" }).click();
  await expect(page.getByText("Becomes Basic at the next renewal")).toBeVisible();
  await page.getByRole("button", { name: "Stay with Pro" }).click();
  await expect(page.getByText("Becomes Basic")).toBeHidden();

  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByText("The subscription is paused")).toBeVisible();
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(page.getByText("The subscription goes on")).toBeVisible();
  await page.getByRole("button", { name: "Cancel subscription" }).click();
  await expect(page.getByText("Not renewed; access until")).toBeVisible();
  await page.getByRole("button", { name: "Keep it after all" }).click();
  await expect(page.getByText("Renews on")).toBeVisible();

  await page.goto("/account/invoices");
  await expect(page.getByRole("row", { name: /INV-/ })).toHaveCount(2);
  await accessible(page, javaScriptEnabled);
});

test("a customer tries a plan out, gives an order up, and changes how they sign in", async ({ page, javaScriptEnabled }) => {
  await signUp(page);
  await expect(page.getByText("14 days free, then € 29.99 each month")).toBeVisible();
  await page.getByRole("radio", { name: "Choose Pro" }).check();
  await page.getByRole("button", { name: "Review order" }).click();
  await address(page);
  await expect(page.getByText("14 days free, then € 35.69 each month")).toBeVisible();
  await accessible(page, javaScriptEnabled);
  await page.getByRole("button", { name: "Begin 14 days free" }).click();
  await page.waitForURL(/\/account$/);
  await expect(page.getByText("Free trial until")).toBeVisible();

  await page.goto("/account/plans");
  await page.getByRole("checkbox", { name: /^500 tokens/ }).check();
  await page.getByRole("button", { name: "Review order" }).click();
  await page.getByRole("button", { name: "Order for € 5.95" }).click();
  await page.waitForURL(/\/account\/invoices\//);
  await expect(page.getByText("DE02 1203 0000 0000 2020 51")).toBeVisible();
  await accessible(page, javaScriptEnabled);
  await page.getByRole("button", { name: "Pay € 5.95" }).click();
  await page.waitForURL(/\/pay\//);
  await page.goto("/account");
  await page.getByRole("button", { name: "Give it up" }).click();
  await expect(page.getByText("The order is given up")).toBeVisible();
  await accessible(page, javaScriptEnabled);

  await page.goto("/account/security");
  const email = `new${Date.now()}${Math.floor(Math.random() * 1e6)}@customer.example`;
  const you = panel(page, "You");
  await you.getByLabel("Full name").fill("Ada Byron");
  await you.getByLabel("E-mail").fill(email);
  await you.getByRole("button", { name: "Save" }).click();
  await expect(you.getByText("Please fill this in.")).toBeVisible();
  await expect(you.getByLabel("E-mail")).toHaveValue(email);
  await accessible(page, javaScriptEnabled);
  await you.getByLabel("Present password").fill("TestPass123@");
  await you.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved")).toBeVisible();
  await panel(page, "Password").getByLabel("Present password").fill("TestPass123@");
  await page.getByLabel("New password").fill("OtherPass456@");
  await page.getByRole("button", { name: "Change the password" }).click();
  await expect(page.getByText("The password is changed")).toBeVisible();
  await page.getByRole("button", { name: "Sign out", exact: true }).first().click();
  await page.goto("/account/invoices");
  await page.getByLabel("E-mail or user name").fill(email);
  await page.getByLabel("Password").fill("OtherPass456@");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/account/invoices");
  await expect(page.getByRole("row", { name: /INV-/ }).first()).toBeVisible();
});

test("an owner opens a module in the store, and it closes when the money goes back", async ({ page, request, javaScriptEnabled }) => {
  test.slow();
  await newCompany(page);
  await page.goto("/store");
  const hotel = page.locator("section", { has: page.getByRole("heading", { name: "Hotel", exact: true }) });
  await expect(hotel.getByText("Not enabled")).toBeVisible();
  await accessible(page, javaScriptEnabled);
  await hotel.getByRole("link", { name: "Buy Hotel Basic" }).click();
  await address(page);
  await page.getByRole("link", { name: /^Card/ }).click();
  await page.getByRole("button", { name: /^Pay / }).click();
  await pay(page, /4242/);
  await page.waitForURL(/\/store/);
  await expect(page.getByText("Your payment has arrived")).toBeVisible();
  await expect(hotel.getByText("Enabled", { exact: true })).toBeVisible();
  await expect(hotel.getByRole("link", { name: "Manage subscription" })).toBeVisible();
  await accessible(page, javaScriptEnabled);

  await page.goto("/account/invoices");
  const invoice = await page.getByRole("link", { name: /^INV-/ }).first().getAttribute("href");
  const admin = await request.post("/api/v1/auth/login", { data: { email: "admin@example.com", password: "AdminPass123@" } });
  const { token } = await admin.json();
  const refund = await request.post(`/api/v1/admin/invoices/${invoice?.split("/").pop()}/refund`, { headers: { Authorization: `Bearer ${token}` } });
  expect(refund.status()).toBe(200);
  // The hotel hears of it a moment later.
  const lapsed = page.getByText("The subscription of this hotel has lapsed").first();
  await expect(async () => {
    await page.goto("/desk");
    await expect(lapsed).toBeVisible({ timeout: 500 });
  }).toPass();
  await alive(page, javaScriptEnabled);
  await expect(page.getByRole("link", { name: "Renew" })).toBeVisible();
  await accessible(page, javaScriptEnabled);
  await page.goto(`/desk/bookings/new?arrival=${day(0)}&departure=${day(1)}&party=1`);
  await page.getByRole("link", { name: /^Any / }).first().click();
  await page.getByLabel("First name").fill("Late");
  await page.getByRole("button", { name: /^Book/ }).click();
  await expect(page.getByText("new bookings and reports need a renewal")).toBeVisible();
  await expect(page.getByLabel("First name")).toHaveValue("Late");
  await accessible(page, javaScriptEnabled);
});

test("reception cannot spend the company's money", async ({ page, watch }) => {
  watch.allowStatus(403);
  await signIn(page, { login: "reception@harbour.example", password: owner.password }, "/store");
  await expect(page.getByText("Your role does not include this")).toBeVisible();
});
