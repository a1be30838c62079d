import { accessible, expect, owner, signIn, test } from "./support";
import type { Page } from "@playwright/test";

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

test("a customer signs up, orders a plan with tokens, pays, changes and leaves", async ({ page, javaScriptEnabled }) => {
  await signUp(page);
  await accessible(page, javaScriptEnabled);

  // Where they live decides the tax.
  await page.goto("/account/profile");
  await page.getByLabel("First name").fill("Ada");
  await page.getByLabel("Country").selectOption("Germany");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved")).toBeVisible();
  await accessible(page, javaScriptEnabled);

  await page.goto("/account/plans");
  await page.getByRole("radio", { name: "Choose Basic" }).check();
  await page.getByRole("checkbox", { name: /^500 tokens/ }).check();
  await page.getByRole("button", { name: "Review order" }).click();
  await expect(page.getByRole("heading", { name: "Your order" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Pay € 17.84" })).toBeVisible();
  await accessible(page, javaScriptEnabled);
  await page.getByRole("button", { name: "Pay € 17.84" }).click();

  // A card that is refused leaves everything as it is; another one pays.
  await pay(page, /0002/);
  await expect(page.getByText("Your card was declined")).toBeVisible();
  await pay(page, /4242/);
  await page.waitForURL(/\/account\/invoices\//);
  await expect(page.getByText("Your payment has arrived")).toBeVisible();
  await accessible(page, javaScriptEnabled);

  await page.goto("/account");
  await expect(page.getByRole("heading", { name: "Basic" })).toBeVisible();
  await expect(page.getByText("Renews on")).toBeVisible();
  await expect(page.getByText("600 left")).toBeVisible();
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

  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByText("The subscription is paused")).toBeVisible();
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(page.getByText("The subscription goes on")).toBeVisible();
  await page.getByRole("button", { name: "Cancel subscription" }).click();
  await expect(page.getByText("You have access until its end")).toBeVisible();
  await expect(page.getByText("Not renewed; access until")).toBeVisible();

  await page.goto("/account/invoices");
  await expect(page.getByRole("row", { name: /INV-/ })).toHaveCount(2);
  await accessible(page, javaScriptEnabled);
});

test("an owner opens a module in the store", async ({ page, javaScriptEnabled }) => {
  await newCompany(page);
  await page.goto("/store");
  const hotel = page.locator("section", { has: page.getByRole("heading", { name: "Hotel", exact: true }) });
  await expect(hotel.getByText("Not enabled")).toBeVisible();
  await accessible(page, javaScriptEnabled);
  await hotel.getByRole("button", { name: "Buy Hotel Basic" }).click();
  await pay(page, /4242/);
  await page.waitForURL(/\/store/);
  await expect(page.getByText("Your payment has arrived")).toBeVisible();
  await expect(hotel.getByText("Enabled", { exact: true })).toBeVisible();
  await expect(hotel.getByRole("link", { name: "Manage subscription" })).toBeVisible();
  await accessible(page, javaScriptEnabled);
});

test("reception cannot spend the company's money", async ({ page, allowStatus }) => {
  allowStatus(403);
  await signIn(page, { login: "reception@harbour.example", password: owner.password }, "/store");
  await expect(page.getByText("Your role does not include this")).toBeVisible();
});

test("whoever asks for the account signs in and gets there", async ({ page }) => {
  await page.goto("/account/invoices");
  await page.getByLabel("E-mail or user name").fill("test@example.com");
  await page.getByLabel("Password").fill("TestPass123@");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/account/invoices");
  await expect(page.getByRole("row", { name: /INV-/ }).first()).toBeVisible();
});
