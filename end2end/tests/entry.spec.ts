import { accessible, alive, expect, ownHotel, problems, reception, send, signInByForm, test } from "./support";

test("signing in leads to the page that was asked for, and signing out ends it", async ({ page, javaScriptEnabled }) => {
  await signInByForm(page, reception, "/desk/rooms");
  await expect(page).toHaveURL(/\/desk\/rooms$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Rooms");
  await page.locator("summary.avatar").click();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(page).toHaveURL(/\/sign-in/);
  await expect(page.getByText("Signed out.")).toBeVisible();
  await page.goto("/desk");
  await expect(page).toHaveURL(/\/sign-in/);
  await accessible(page, javaScriptEnabled);
});

test("a wrong password is refused, keeps the name, and says nothing about the account", async ({ page, javaScriptEnabled }) => {
  for (const login of ["nobody@nowhere.example", `reception-${test.info().project.name}@harbour.example`]) {
    await page.goto("/sign-in");
    await page.getByLabel("E-mail or user name").fill(login);
    await page.getByLabel("Password").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert")).toHaveText("User name or password is wrong.");
    await expect(page.getByLabel("E-mail or user name")).toHaveValue(login);
    await expect(page.getByLabel("Password")).toHaveValue("");
    expect(page.url()).not.toContain("err");
  }
  await accessible(page, javaScriptEnabled);
});

test("a forgotten password is answered the same for everybody", async ({ page, javaScriptEnabled }) => {
  await page.goto("/forgot-password");
  await accessible(page, javaScriptEnabled);
  await page.getByLabel("E-mail").fill("nobody@nowhere.example");
  await page.getByRole("button", { name: "Send the link" }).click();
  await expect(page.getByRole("status")).toContainText("a link is on its way");
});

test("a forgotten password is set by the link of the mail", async ({ page, javaScriptEnabled }) => {
  const who = await ownHotel(page);
  await send(page, "forgot-password", { email: who.login });
  const link = async () => {
    const list = await (await page.request.get("/dev/mail")).text();
    const mail = new RegExp(`<a href="(/dev/mail/\\d+)">[^<]*</a> to ${who.login.replaceAll(".", "\\.")}`).exec(list)?.[1];
    const text = mail ? await (await page.request.get(mail)).text() : "";
    return /\/reset-password\?token=[\w-]+/.exec(text)?.[0] ?? "";
  };
  await expect.poll(link).not.toBe("");
  await page.goto("/dev/mail");
  await accessible(page, javaScriptEnabled);
  await page.goto(await link());
  await accessible(page, javaScriptEnabled);
  await page.getByLabel("New password").fill("another long sentence");
  await page.getByRole("button", { name: "Set the password" }).click();
  await expect(page.getByText("The password is set. Please sign in with it.")).toBeVisible();
  await signInByForm(page, { ...who, password: "another long sentence" });
});

test("the front page and the page about the API can be read by everybody", async ({ page, javaScriptEnabled }) => {
  await page.goto("/");
  await accessible(page, javaScriptEnabled);
  await page.goto("/api/docs");
  if (!javaScriptEnabled) return;
  // Two hundred operations are alike: the first ones stand for them. axe walks over what it is told to leave out, too.
  await page.evaluate(() => {
    const alike = document.querySelectorAll("main > section:nth-of-type(n + 10), nav li:nth-of-type(n + 20)");
    alike.forEach((operation) => operation.remove());
  });
  await accessible(page, javaScriptEnabled);
});

test("a hotel is registered with its rooms, and its owner is at the desk", async ({ page, javaScriptEnabled }) => {
  const unique = `${test.info().project.name}-${Date.now()}`;
  await page.goto("/register");
  await accessible(page, javaScriptEnabled);
  await page.getByLabel("Name of the hotel").fill("Zum Löwen 🦁");
  await page.getByLabel("Floors and rooms").fill("Ground; 1-3; Single; 80\nUpper; 11, 12; Double; 120.50");
  await page.getByLabel("Your name").fill("ليلى حداد");
  await page.getByLabel("Your e-mail").fill("not an address");
  await page.getByLabel("Password").fill("short");
  await page.getByRole("button", { name: "Register the hotel" }).click();
  await expect(page.getByText("This does not look like an e-mail address.")).toBeVisible();
  await expect(page.getByText("Please use at least 8 characters.")).toBeVisible();
  await expect(page.getByLabel("Name of the hotel")).toHaveValue("Zum Löwen 🦁");
  await expect(page.getByLabel("Floors and rooms")).toHaveValue(/11, 12; Double/);
  await page.getByLabel("Your e-mail").fill(`owner-${unique}@loewen.example`);
  await page.getByLabel("Password").fill("a long sentence");
  await page.getByRole("button", { name: "Register the hotel" }).click();
  await expect(page).toHaveURL(/\/desk$/);
  await expect(page.locator(".hotel-name")).toHaveText("Zum Löwen 🦁");
  await page.goto("/desk/rooms");
  await expect(page.locator(".room-card")).toHaveCount(5);
});

test("an owner adds a second hotel and changes to it", async ({ page, javaScriptEnabled }) => {
  const unique = `${test.info().project.name}-${Date.now()}`;
  await page.goto("/register");
  await page.getByLabel("Name of the hotel").fill("First House");
  await page.getByLabel("Your name").fill("Ola Owner");
  await page.getByLabel("Your e-mail").fill(`two-${unique}@house.example`);
  await page.getByLabel("Password").fill("a long sentence");
  await page.getByRole("button", { name: "Register the hotel" }).click();
  await page.waitForURL(/\/desk$/);
  await page.goto("/desk/settings");
  await alive(page, javaScriptEnabled);
  await page.getByRole("link", { name: "Add a hotel" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Add a hotel");
  await accessible(page, javaScriptEnabled);
  await page.getByLabel("Time zone").fill("Nowhere");
  await page.getByLabel("Name of the hotel").fill("Second House");
  await page.getByRole("button", { name: "Add a hotel" }).click();
  await expect(page.getByLabel("Name of the hotel")).toHaveValue("Second House");
  await page.getByLabel("Time zone").fill("Europe/Lisbon");
  await page.getByRole("button", { name: "Add a hotel" }).click();
  await page.waitForURL(/\/desk\/settings$/);
  await alive(page, javaScriptEnabled);
  await page.locator("summary.hotel-name").click();
  await page.getByRole("button", { name: "Second House" }).click();
  await page.waitForURL(/\/desk$/);
  await expect(page.locator("summary.hotel-name")).toContainText("Second House");
});

test("what the browser complains of fails a test that names nothing of it", async ({ page, javaScriptEnabled }) => {
  test.skip(!javaScriptEnabled, "nothing runs that could complain");
  await page.goto("/sign-in");
  await page.evaluate(() => console.error("a complaint"));
  await expect.poll(() => problems).toEqual(["a complaint"]);
  problems.length = 0;
});

test("a form of a stranger's page is refused on a page of its own", async ({ page, javaScriptEnabled, watch }) => {
  watch.allowStatus(403);
  const ours = new URL("/actions/sign-out", test.info().project.use.baseURL).href;
  await page.setContent(`<form method="post" action="${ours}"><button>Win</button></form>`);
  await page.getByRole("button", { name: "Win" }).click();
  await expect(page.getByRole("heading")).toBeVisible();
  await accessible(page, javaScriptEnabled);
});

test("a path that leads nowhere says so", async ({ page, javaScriptEnabled, watch }) => {
  watch.allowStatus(404);
  const answer = await page.goto("/nowhere");
  expect(answer?.status()).toBe(404);
  await expect(page.getByText("Nothing here")).toBeVisible();
  await accessible(page, javaScriptEnabled);
});
