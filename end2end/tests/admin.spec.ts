import { accessible, expect, signIn, test } from "./support";

// How pages move into each other is looked at on the paths of the desk.
test.use({ contextOptions: { reducedMotion: "reduce" } });

const admin = { login: "admin@example.com", password: "AdminPass123@" };

test("the admin reads the figures, makes a plan and takes a list along", async ({ page, javaScriptEnabled }) => {
  await signIn(page, admin, "/admin");
  await expect(page.getByText("Monthly recurring revenue", { exact: true })).toBeVisible();
  await accessible(page, javaScriptEnabled);

  const name = `Pier ${Date.now()}${Math.floor(Math.random() * 1e6)}`;
  await page.goto("/admin/plans/new");
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Price", { exact: true }).fill("cheap");
  await page.getByRole("button", { name: "Create" }).click();
  await expect(page.getByText("Invalid price")).toBeVisible();
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue(name);
  await accessible(page, javaScriptEnabled);
  await page.getByLabel("Price", { exact: true }).fill("12.50");
  await page.getByRole("checkbox", { name: "On offer" }).uncheck();
  await page.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("heading", { name })).toBeVisible();

  await page.goto(`/admin/plans?search=${encodeURIComponent(name)}&state=not_active`);
  await expect(page.getByRole("row", { name })).toContainText("€ 12.50");
  await expect(page.getByRole("row", { name: "Enterprise" })).toBeHidden();
  await accessible(page, javaScriptEnabled);
  const csv = await page.request.get((await page.getByRole("link", { name: "Download CSV" }).getAttribute("href"))!);
  expect(await csv.text()).toContain(`${name},12.50 EUR`);
});

test("the admin finds an invoice and marks its copy as paid", async ({ page, javaScriptEnabled }) => {
  await signIn(page, admin, "/admin/invoices?search=test@example.com&state=paid");
  await page.getByRole("link", { name: /^INV-/ }).first().click();
  await page.getByRole("button", { name: "Duplicate" }).click();
  await expect(page.getByText("Done.", { exact: true })).toBeVisible();
  await page.locator("summary", { hasText: "Mark as paid" }).click();
  await page.getByLabel("Reference").fill("Bank transfer 7");
  await page.getByRole("button", { name: "Mark as paid" }).click();
  await expect(page.getByText("Bank transfer 7")).toBeVisible();
  await accessible(page, javaScriptEnabled);
});

test("the admin acts for a colleague of a company in plain sight, and comes back", async ({ page, javaScriptEnabled }) => {
  await signIn(page, admin, "/admin/companies?search=harbour");
  await page.getByRole("link", { name: /Harbour/ }).first().click();
  await expect(page.getByRole("heading", { name: "People" })).toBeVisible();
  await accessible(page, javaScriptEnabled);
  await page.getByRole("row", { name: /reception@harbour\.example/ }).getByRole("link").first().click();
  await page.getByRole("button", { name: "Sign in as them" }).click();
  await page.waitForURL("**/desk");
  await expect(page.getByText("You act in the name of")).toBeVisible();
  await accessible(page, javaScriptEnabled);
  await page.goto("/desk/profile");
  await expect(page.getByText("You act in the name of")).toBeVisible();
  await page.getByRole("button", { name: "Back to the administration" }).click();
  await page.waitForURL(/\/admin\/companies\//);
  await expect(page.getByText("You act in the name of")).toBeHidden();
});

test("the admin names an address for webhooks, tests it and takes it away", async ({ page, javaScriptEnabled }) => {
  await signIn(page, admin, "/admin/webhooks/new");
  await expect(page.getByLabel("Secret")).toHaveValue(/^whsec_/);
  await page.getByLabel("Address").fill("no address");
  await page.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page.getByLabel("Address")).toHaveValue("no address");
  await accessible(page, javaScriptEnabled);
  await page.getByLabel("Address").fill(`https://hooks.example/${Date.now()}${Math.floor(Math.random() * 1e6)}`);
  await page.getByLabel("Which events").fill("payment.captured\nuser.created");
  await page.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("heading", { name: "Deliveries" })).toBeVisible();
  await page.getByRole("button", { name: "Send a test" }).click();
  await expect(page.getByRole("heading", { name: "webhook.test" })).toBeVisible();
  await accessible(page, javaScriptEnabled);
  await page.getByRole("link", { name: /^https:\/\/hooks\.example/ }).click();
  await page.locator("summary", { hasText: "Delete" }).click();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.waitForURL("**/admin/webhooks");
  await page.goto("/admin/categories");
  await expect(page.getByRole("link", { name: "└ Basic" })).toBeVisible();
  await accessible(page, javaScriptEnabled);
  await page.goto("/admin/jobs?state=cron");
  await expect(page.getByRole("cell", { name: "Again and again" }).first()).toBeVisible();
  await page.goto("/admin/client-events");
  await expect(page.getByRole("heading", { name: "Events of front ends" })).toBeVisible();
  await accessible(page, javaScriptEnabled);
});

test("the admin sets a plug-in, and writes down where a customer lives", async ({ page, javaScriptEnabled }) => {
  await signIn(page, admin, "/admin/plugins?search=demo");
  await page.getByRole("link", { name: "backend-demo-plugin" }).click();
  await expect(page.getByRole("button", { name: /^(En|Dis)able$/ })).toBeVisible();
  await expect(page.getByLabel("Active within")).toHaveCount(0);
  await page.getByLabel("Greeting").fill("");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("greeting must be a line of text")).toBeVisible();
  await accessible(page, javaScriptEnabled);
  const greeting = `Moin ${Date.now()}`;
  await page.getByLabel("Greeting").fill(greeting);
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
  await expect(page.getByLabel("Greeting")).toHaveValue(/^Moin /);

  const email = `pier${Date.now()}${Math.floor(Math.random() * 1e6)}@customer.example`;
  await page.goto("/admin/users/new");
  await expect(page.getByLabel("City")).toHaveCount(0);
  await page.getByLabel("E-mail", { exact: true }).fill(email);
  await page.getByLabel("Name", { exact: true }).fill("Pia Pier");
  await page.getByLabel("Password", { exact: true }).fill("TestPass123@");
  await page.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("heading", { name: email })).toBeVisible();
  await page.getByLabel("City").fill("Bremen");
  await page.getByLabel("Tax or VAT number").fill("DE1");
  await page.getByLabel("Country").selectOption("DE");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByLabel("Tax or VAT number")).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("City")).toHaveValue("Bremen");
  await accessible(page, javaScriptEnabled);
  await page.getByLabel("Tax or VAT number").fill("");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.locator(".facts")).toContainText("Bremen");
  await page.goto("/admin/tokens");
  await expect(page.getByRole("heading", { name: "Tokens" })).toBeVisible();
  await accessible(page, javaScriptEnabled);
});
