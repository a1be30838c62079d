import type { Page } from "@playwright/test";
import { accessible, alive, day, expect, owner, ownHotel, panel, reception, send, signIn, test } from "./support";

/** Each project books nights of its own, so that the projects do not take each other's rooms. */
function nights(project: string, length = 2) {
  const names = ["desktop", "desktop-no-js", "tablet", "tablet-no-js", "phone", "phone-no-js"];
  const from = 60 + names.indexOf(project) * 40 + Math.floor(Math.random() * 30);
  return { arrival: day(from), departure: day(from + length) };
}

/** Goes to a place of the desk as people do: by the rail, or on a phone by the menu. */
async function goTo(page: Page, place: string) {
  if ((page.viewportSize()?.width ?? 0) < 720) {
    await page.locator("summary.avatar").click();
    await page.locator(".menu-places").getByRole("link", { name: place }).click();
  } else {
    await page.locator(".rail").getByRole("link", { name: place }).click();
  }
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(place);
}

test("Today lists the day, and every list has its place", async ({ page, javaScriptEnabled }) => {
  await signIn(page, reception);
  await alive(page, javaScriptEnabled);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Today");
  for (const title of ["Arrivals", "Departures", "In house"]) {
    await expect(page.getByRole("heading", { level: 2, name: title })).toBeVisible();
  }
  await expect(page.getByText(/of 24 rooms taken tonight/)).toBeVisible();
  await accessible(page, javaScriptEnabled);
});

test("a guest is booked by keyboard alone", async ({ page, javaScriptEnabled }) => {
  const { arrival, departure } = nights(test.info().project.name);
  await signIn(page, reception, "/desk/bookings/new");
  await alive(page, javaScriptEnabled);
  await page.getByLabel("Arrival").fill(arrival);
  await page.getByLabel("Departure").fill(departure);
  await page.getByLabel("Guests", { exact: true }).fill("2");
  await page.getByLabel("Guests", { exact: true }).press("Enter");
  await expect(page.getByText(/^\d+ free rooms?$/)).toBeVisible();
  await accessible(page, javaScriptEnabled);
  await page.getByRole("link", { name: /^Room / }).first().focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Which guest" })).toBeVisible();
  const name = `Žofie ${Date.now()}`;
  await page.getByLabel("First name").fill(name);
  await page.getByLabel("Last name").fill("O’Dwyer");
  await page.getByLabel("E-mail").fill("no address");
  await page.getByLabel("E-mail").press("Enter");
  await expect(page.getByText("This does not look like an e-mail address.")).toBeVisible();
  await expect(page.getByLabel("First name")).toHaveValue(name);
  await accessible(page, javaScriptEnabled);
  await page.getByLabel("E-mail").fill("zofie@mail.example");
  await page.getByLabel("E-mail").press("Enter");
  await expect(page.getByText("Booked.")).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`${name} O’Dwyer`);
  await accessible(page, javaScriptEnabled);

  // Going back after the booking and sending the form again does not book twice: a page from the browser's memory
  // leads to the booking that was made, a page that was loaded again is a new form.
  await page.goBack();
  await page.getByRole("button", { name: /^Book/ }).click();
  await expect(page.getByText(/Booked\.|Please look at the marked fields|The room has been booked/)).toBeVisible();
  await page.goto(`/desk/bookings?text=${encodeURIComponent(name)}`);
  await expect(page.getByRole("link", { name: `${name} O’Dwyer` })).toHaveCount(1);

  // The change of dates keeps what was typed, and the room.
  await page.goto(`/desk/bookings?text=${encodeURIComponent(name)}`);
  await page.getByRole("link", { name: `${name} O’Dwyer` }).click();
  await page.getByText("Change dates or room").click();
  await page.getByLabel("Departure").fill(arrival);
  await page.getByRole("button", { name: "Change the booking" }).click();
  await expect(page.getByText("The departure must be after the arrival.")).toBeVisible();
  await page.getByLabel("Departure").fill(day(Math.round((Date.parse(departure) - Date.now()) / 86_400_000) + 2));
  await page.getByRole("button", { name: "Change the booking" }).click();
  await expect(page.getByText("Changed.", { exact: true })).toBeVisible();

  await page.getByRole("button", { name: "Cancel the booking" }).click();
  await expect(page.getByText("Cancelled.")).toBeVisible();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("Undone.")).toBeVisible();
  await page.getByRole("button", { name: "Cancel the booking" }).click();
  await expect(page.getByRole("button", { name: "Bring it back" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Check in" })).toHaveCount(0);
});

test("somebody is booked for tonight, checked in with one click, undone, and checked out", async ({ page, javaScriptEnabled }) => {
  await ownHotel(page);
  await page.goto(`/desk/bookings/new?arrival=${day(0)}&departure=${day(1)}&party=1`);
  await page.getByRole("link", { name: /^Room / }).last().click();
  const name = `Tonight ${Date.now()}${Math.floor(Math.random() * 1000)}`;
  await page.getByLabel("First name").fill(name);
  await page.getByRole("button", { name: /^Book/ }).click();
  await expect(page.getByText("Booked.")).toBeVisible();
  await page.goto("/desk");
  await alive(page, javaScriptEnabled);
  await page.locator("#arrivals").getByRole("button", { name: new RegExp(`Check in ${name}`) }).click();
  await expect(page.getByText("Checked in.")).toBeVisible();
  await expect(page.locator("#in-house").getByText(name)).toBeVisible();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.locator("#arrivals").getByText(name)).toBeVisible();
  await page.locator("#arrivals").getByRole("button", { name: new RegExp(`Check in ${name}`) }).click();
  await page.locator("#in-house").getByRole("button", { name: new RegExp(`Check out ${name}`) }).click();
  await expect(page.getByText("Checked out. The room is marked dirty.")).toBeVisible();
  await expect(page.locator("#in-house").getByText(name)).toHaveCount(0);
});

test("a guest whose room is taken meanwhile gets another, and is not typed again", async ({ page }) => {
  test.skip(!test.info().project.name.startsWith("desktop"), "it is the same at every size");
  await ownHotel(page);
  await page.goto(`/desk/bookings/new?arrival=${day(0)}&departure=${day(1)}&party=1`);
  await page.getByRole("link", { name: /^Room / }).last().click();
  await page.getByLabel("First name").fill("Bartholomew");
  const room = new URL(page.url()).searchParams.get("room") ?? "";
  const quicker = { room_id: room, arrival: day(0), departure: day(1), party: "1", guest_id: "", first_name: "Quick" };
  await send(page, "book", Object.fromEntries(Object.entries(quicker).map(([key, value]) => [`form[${key}]`, value])));
  await page.getByRole("button", { name: /^Book/ }).click();
  const refused = page.getByText("The room has been booked for one of these nights.");
  await expect(refused).toBeVisible();
  await page.getByLabel("Departure").fill(day(2));
  await page.getByRole("button", { name: "Show free rooms" }).click();
  await page.getByRole("link", { name: /^Room / }).first().click();
  await expect(page.getByLabel("First name")).toHaveValue("Bartholomew");
  await expect(refused).toHaveCount(0);
  await page.getByRole("button", { name: /^Book/ }).click();
  await expect(page.getByText("Booked.")).toBeVisible();
});

test("a link that is clicked while a page comes alive leads on", async ({ page, javaScriptEnabled }) => {
  test.skip(!javaScriptEnabled, "without it a page is as alive as it will be");
  await ownHotel(page);
  await page.goto(`/desk/bookings/new?arrival=${day(0)}&departure=${day(1)}&party=1`);
  await page.getByRole("link", { name: /^Any / }).first().click();
  await page.getByLabel("First name").fill("Early");
  await page.addInitScript(() => {
    let listeners = 0;
    const listen = window.addEventListener;
    window.addEventListener = function (this: Window, ...wanted: unknown[]) {
      Reflect.apply(listen, this, wanted);
      // The first is ours, the second the router's, which takes clicks from here on although the page is not alive yet.
      if (wanted[0] === "click" && ++listeners === 2)
        setTimeout(() => document.querySelector<HTMLElement>("a[href*='new?arrival']")?.click());
    } as typeof window.addEventListener;
  });
  await page.getByRole("button", { name: /^Book/ }).click();
  // Adding a room to the booking that was just made.
  await page.waitForURL(/arrival.*booking=/);
  await expect(page.getByText("Booking for Early")).toBeVisible();
});

test("a type is booked, the room is chosen when the guest comes, and a second room is added", async ({ page, javaScriptEnabled }) => {
  await ownHotel(page);
  await page.goto(`/desk/bookings/new?arrival=${day(0)}&departure=${day(1)}&party=1`);
  await page.getByRole("link", { name: /^Any / }).first().click();
  const name = `Later ${Date.now()}${Math.floor(Math.random() * 1000)}`;
  await page.getByLabel("First name").fill(name);
  await page.getByRole("button", { name: /^Book/ }).click();
  await expect(page.getByText("Booked.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Check in" })).toHaveCount(0);
  await accessible(page, javaScriptEnabled);

  await page.goto("/desk");
  await alive(page, javaScriptEnabled);
  await page.locator("#arrivals").getByRole("link", { name: `Give ${name} a room` }).click();
  await page.getByLabel("Room", { exact: true }).selectOption({ label: "1 · Single" });
  await page.getByRole("button", { name: "Change the booking" }).click();
  await expect(page.getByText("Changed.", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Check in" }).click();
  await expect(page.getByText("Checked in.")).toBeVisible();

  await page.getByRole("link", { name: "Add a room" }).click();
  await page.getByLabel("Arrival").fill(day(300));
  await page.getByLabel("Departure").fill(day(301));
  await page.getByRole("button", { name: "Show free rooms" }).click();
  await expect(page.getByText(/^\d+ free rooms?$/)).toBeVisible();
  await page.getByRole("link", { name: /^Any / }).first().click();
  await expect(page.getByText(`Booking for ${name}`)).toBeVisible();
  await page.getByRole("button", { name: /^Book/ }).click();
  await expect(page.getByRole("heading", { name: "Other rooms of this booking" })).toBeVisible();
  await page.getByRole("button", { name: "Cancel the booking" }).click();
  await page.getByRole("heading", { name: "Other rooms of this booking" }).locator("..").getByRole("link", { name }).click();
  await page.getByRole("button", { name: "Check out" }).click();
  await expect(page.getByText("Checked out. The room is marked dirty.")).toBeVisible();

  // How it went is noted here, and seen when the guest comes again.
  await alive(page, javaScriptEnabled);
  await page.getByText("Note how the stay went").click();
  const noting = page.locator("details", { hasText: "Note how the stay went" });
  await noting.getByLabel("Rating").selectOption("4 · Good");
  await noting.getByLabel("How it went").fill("Left a scarf");
  await noting.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("definition").filter({ hasText: "Left a scarf" })).toBeVisible();
  await expect(page.getByRole("definition").filter({ hasText: "4 · Good" })).toBeVisible();
  await accessible(page, javaScriptEnabled);
  await page.getByRole("definition").getByRole("link", { name }).click();
  await expect(page.getByRole("heading", { name: "How stays went" })).toBeVisible();
  await expect(page.getByText("Left a scarf")).toBeVisible();
  await accessible(page, javaScriptEnabled);
});

test("Ctrl K leads anywhere by typing", async ({ page, javaScriptEnabled }) => {
  test.skip(!javaScriptEnabled, "keys need JavaScript");
  await signIn(page, reception);
  await alive(page, javaScriptEnabled);
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog", { name: "Commands" })).toBeVisible();
  await accessible(page, javaScriptEnabled);
  await page.keyboard.type("roo");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/desk\/rooms$/);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Rooms");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("Novák");
  await expect(page.getByRole("dialog").getByRole("link")).toHaveCount(2);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/desk\/guests\?text=/);
  await expect(page.getByRole("link", { name: /Novák/ }).first()).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();

  // Keys of one letter can be switched off.
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
  await accessible(page, javaScriptEnabled);
  await page.getByLabel("Keys of one letter or sign").uncheck();
  await page.getByRole("button", { name: "Close" }).click();
  await page.keyboard.press("r");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(page).toHaveURL(/\/desk\/guests/);
});

test("every place of the desk can be reached, and the rail stays as narrow as it was made", async ({ page, javaScriptEnabled }) => {
  await ownHotel(page);
  await page.goto("/desk");
  await alive(page, javaScriptEnabled);
  for (const place of ["Guests", "Staff", "Hotel settings", "Who did what"]) await goTo(page, place);
  // Only a wide screen has a wide rail.
  if (!test.info().project.name.startsWith("desktop")) return;
  await page.getByRole("button", { name: "Narrow or wide" }).click();
  await expect(page.locator(".desk")).toHaveAttribute("data-rail", "slim");
  await page.goto("/desk/rooms");
  await expect(page.locator(".desk")).toHaveAttribute("data-rail", "slim");
  await accessible(page, javaScriptEnabled);
});

test("what was refused about one guest is not in the form of the next", async ({ page, javaScriptEnabled }) => {
  test.skip(!javaScriptEnabled, "without JavaScript every page comes from the server");
  await ownHotel(page);
  const add = (name: string) => send(page, "save-guest", { id: "", "form[first_name]": name });
  const first = await add("First");
  await add("Second");
  await page.goto(first);
  await alive(page, javaScriptEnabled);
  await accessible(page, javaScriptEnabled);
  await page.getByLabel("Telephone").fill("call me");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Some of these characters cannot be used here.")).toBeVisible();
  await alive(page, javaScriptEnabled);
  await goTo(page, "Guests");
  await page.getByRole("link", { name: "Second" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Second");
  await expect(page.getByLabel("First name")).toHaveValue("Second");
  await expect(page.getByLabel("Telephone")).toHaveValue("");
  await page.getByLabel("Telephone").fill("+353 1 234");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  await alive(page, javaScriptEnabled);
  // What was done is said on one page, and not again when one comes back to it.
  await goTo(page, "Guests");
  await expect(page.getByText("Saved.")).toHaveCount(0);
  await page.getByRole("link", { name: "Second" }).click();
  await expect(page.getByLabel("Telephone")).toHaveValue("+353 1 234");
  await expect(page.getByText("Saved.")).toHaveCount(0);
  await goTo(page, "Guests");
  await page.getByRole("link", { name: "First" }).click();
  await expect(page.getByLabel("Telephone")).toHaveValue("");
});

test("a returning guest is booked at another price, with a note, a confirmation and a card, and does not come", async ({ page, javaScriptEnabled }) => {
  await ownHotel(page);
  await send(page, "save-guest", { id: "", "form[first_name]": "Returning", "form[last_name]": "Άννα Иванова", "form[city]": "Πάτρα" });
  await page.goto(`/desk/bookings/new?arrival=${day(0)}&departure=${day(1)}&party=1`);
  await page.getByRole("link", { name: /^Room / }).first().click();
  await page.getByLabel("Returning guest").fill("returning");
  await page.getByRole("button", { name: "Find" }).click();
  await page.getByRole("link", { name: "Returning Άννα Иванова" }).click();
  await expect(page.getByText("Booking for Returning Άννα Иванова")).toBeVisible();
  await page.getByText("Address, time and note").click();
  await page.getByLabel("Expected at").fill("18:30");
  await page.getByLabel("Other price a night").fill("99.50");
  await page.getByRole("button", { name: /^Book/ }).click();
  await expect(page.getByText("Booked.")).toBeVisible();
  await expect(page.getByRole("row", { name: "Total € 99.50" })).toBeVisible();
  await expect(page.locator(".facts").getByText("18:30")).toBeVisible();
  await page.getByText("Change the note").click();
  await page.getByLabel("Note", { exact: true }).fill("Late, about 23:00");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.locator(".facts").getByText("Late, about 23:00")).toBeVisible();

  await page.getByRole("heading", { name: "Send a confirmation" }).click();
  await page.getByLabel("E-mail of the guest").fill("anna@guest");
  await page.getByRole("button", { name: "Send the confirmation" }).click();
  await expect(page.getByLabel("E-mail of the guest")).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("E-mail of the guest").fill("anna@guest.example");
  await page.getByRole("button", { name: "Send the confirmation" }).click();
  await expect(page.getByText("The confirmation is on its way.")).toBeVisible();
  await expect(page.locator(".history").getByText("to anna@guest.example")).toBeVisible();
  await accessible(page, javaScriptEnabled);

  await page.getByRole("link", { name: "Registration card" }).click();
  await expect(page.locator(".paper")).toContainText("Returning Άννα Иванова");
  await expect(page.locator(".paper")).toContainText("€ 99.50 in all");
  await accessible(page, javaScriptEnabled);
  await page.emulateMedia({ media: "print" });
  await expect(page.locator(".top-bar")).toBeHidden();
  await expect(page.locator(".paper")).toBeVisible();
  await page.emulateMedia({ media: null });

  await page.getByRole("link", { name: "Back to the booking" }).click();
  await page.getByRole("button", { name: "Record a no-show" }).click();
  await expect(page.getByText("Recorded as a no-show.")).toBeVisible();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("Undone.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Record a no-show" })).toBeVisible();
});

test("rooms are marked clean and dirty on the board", async ({ page, javaScriptEnabled }) => {
  await signIn(page, reception, "/desk/rooms");
  await alive(page, javaScriptEnabled);
  await expect(page.locator(".room-card")).toHaveCount(24);
  await accessible(page, javaScriptEnabled);
  const card = page.locator(".room-card").nth(3);
  await card.getByRole("button", { name: "Inspected" }).click();
  await expect(page.locator(".room-card").nth(3).getByRole("button", { name: "Inspected" })).toHaveAttribute("aria-pressed", "true");
});

test("a guest is found while on the phone, and changed", async ({ page, javaScriptEnabled }) => {
  await signIn(page, reception, "/desk/guests/new");
  await alive(page, javaScriptEnabled);
  await accessible(page, javaScriptEnabled);
  const last = `Quist${Date.now()}`;
  await page.getByLabel("First name").fill("محمد");
  await page.getByLabel("Last name").fill(last);
  await page.getByLabel("Telephone").fill("call me");
  await page.getByRole("button", { name: "Add the guest" }).click();
  await expect(page.getByText("Some of these characters cannot be used here.")).toBeVisible();
  await expect(page.getByLabel("Last name")).toHaveValue(last);
  await page.getByLabel("Telephone").fill("+49 30 901820");
  await page.getByRole("button", { name: "Add the guest" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  await page.goto(`/desk/guests?text=${last.toLowerCase()}`);
  await alive(page, javaScriptEnabled);
  await accessible(page, javaScriptEnabled);
  await page.getByRole("link", { name: `محمد ${last}` }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText(last);
});

test("an owner manages colleagues, room types, rooms and what is out of order, and ends a session", async ({ page, javaScriptEnabled, playwright }) => {
  const unique = `${Date.now()}${Math.floor(Math.random() * 1000)}`;
  const who = await ownHotel(page);
  await page.goto("/desk/settings");
  await alive(page, javaScriptEnabled);
  await accessible(page, javaScriptEnabled);
  await page.getByText("Add a room type").click();
  const type = page.locator("#type");
  await type.getByLabel("Name").fill("Tower");
  await type.getByLabel("Sleeps").fill("0");
  await type.getByLabel("Price a night").fill("150,00");
  await type.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Please choose a number from 1 to 20.")).toBeVisible();
  await page.locator("#type").getByLabel("Sleeps").fill("3");
  await page.locator("#type").getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  await page.locator("#room > summary").click();
  await page.locator("#room").getByLabel("Number").fill("T1");
  await page.locator("#room").getByLabel("Type").selectOption({ label: "Tower" });
  await page.locator("#room").getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  await page.getByText("Take a room out of order").click();
  await page.getByLabel("Back on").fill(day(3));
  await page.getByLabel("Why").fill("New carpet");
  await page.getByRole("button", { name: "Take out of order" }).click();
  await expect(page.getByText("New carpet")).toBeVisible();

  // What cannot be undone asks first.
  await page.getByText("Back in order").first().click();
  await page.getByRole("button", { name: "Back in order" }).click();
  await expect(page.getByText("No room is out of order.")).toBeVisible();
  const tower = page.getByRole("row", { name: /^T1/ });
  await tower.locator("summary").click();
  await tower.getByRole("button", { name: "Remove" }).click();
  await expect(page.getByText("Removed.", { exact: true })).toBeVisible();
  await expect(page.getByRole("row", { name: /^T1/ })).toHaveCount(0);
  const single = page.getByRole("row", { name: /^Single/ });
  await single.locator("summary").click();
  await single.getByRole("button", { name: "Remove" }).click();
  await expect(page.getByText("This was not done. This is in use and cannot be removed.")).toBeVisible();
  await page.getByRole("row", { name: /^Tower/ }).getByRole("link", { name: "Change Tower" }).click();
  await page.locator("#type").getByLabel("Price a night").fill("160");
  await page.locator("#type").getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("row", { name: /^Tower.*160/ })).toBeVisible();
  await page.getByLabel("Telephone").fill("+353 1 000");
  await page.getByRole("button", { name: "Save" }).first().click();
  await expect(page.getByText("Saved.")).toBeVisible();
  await expect(page.getByLabel("Telephone")).toHaveValue("+353 1 000");

  await page.goto("/desk/staff");
  await alive(page, javaScriptEnabled);
  await accessible(page, javaScriptEnabled);
  await page.getByText("Add a colleague").click();
  await page.getByLabel("Full name").fill("Nils Night");
  await page.getByLabel("User name or e-mail").fill(`nils-${unique}`);
  await page.getByLabel("First password").fill("a long sentence");
  await page.getByRole("button", { name: "Add the colleague" }).click();
  await expect(page.getByText("Nils Night")).toBeVisible();
  const nils = page.getByRole("row", { name: /Nils Night/ });
  await nils.locator("summary").click();
  await nils.getByLabel("Role").selectOption("Housekeeping");
  await nils.getByRole("button", { name: "Set the role" }).click();
  await expect(nils.getByRole("cell", { name: "Housekeeping" })).toBeVisible();
  await nils.locator("summary").click();
  await nils.getByRole("button", { name: "Deactivate" }).click();
  await expect(nils.getByText("Not active")).toBeVisible();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(nils.getByText("Active", { exact: true })).toBeVisible();
  await expect(nils.getByRole("cell", { name: "Housekeeping" })).toBeVisible();

  // Another browser of the owner's is signed out from here.
  const other = await playwright.request.newContext({ baseURL: test.info().project.use.baseURL });
  const form = { ...who, next: "/desk" };
  await other.post("/actions/sign-in", { form, headers: { "Sec-Fetch-Site": "same-origin", Accept: "text/html" }, maxRedirects: 0 });
  expect((await other.get("/desk", { maxRedirects: 0 })).status()).toBe(200);
  await page.goto("/desk/profile");
  await page.locator(".sessions").getByRole("button").first().click();
  await expect(page.getByText("That browser is signed out.")).toBeVisible();
  expect((await other.get("/desk", { maxRedirects: 0 })).status()).toBe(302);
  await other.dispose();
});

test("the bookings are downloaded as a file", async ({ page, javaScriptEnabled }) => {
  await signIn(page, reception, "/desk/bookings");
  await accessible(page, javaScriptEnabled);
  await page.getByText("Download as CSV").click();
  await page.getByLabel("Arrivals from").fill(day(0));
  await page.getByLabel("until", { exact: true }).fill(day(0));
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  expect((await download).suggestedFilename()).toBe("bookings_report.csv");
});

test("an owner reads who did what", async ({ page, javaScriptEnabled }) => {
  await signIn(page, owner, "/desk/audit");
  await alive(page, javaScriptEnabled);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Who did what");
  await expect(page.getByRole("cell", { name: "Signed in" }).first()).toBeVisible();
  await accessible(page, javaScriptEnabled);
});

test("one's profile shows where one is signed in", async ({ page, javaScriptEnabled }) => {
  await signIn(page, reception, "/desk/profile");
  await alive(page, javaScriptEnabled);
  await expect(page.getByText("This browser")).toBeVisible();
  await accessible(page, javaScriptEnabled);
  await panel(page, "Password").getByLabel("Present password").fill("not it");
  await page.getByLabel("New password").fill("another long sentence");
  await page.getByRole("button", { name: "Change the password" }).click();
  await expect(page.getByText("This is not right.")).toBeVisible();
  await page.goto("/account/security");
  await accessible(page, javaScriptEnabled);
});

test("reception has no staff or settings pages", async ({ page, javaScriptEnabled, watch }) => {
  watch.allowStatus(403);
  await signIn(page, reception);
  for (const path of ["/desk/staff", "/desk/settings", "/desk/audit"]) {
    const answer = await page.goto(path);
    expect(answer?.status()).toBe(403);
    await expect(page.getByText("Not for your role")).toBeVisible();
    await accessible(page, javaScriptEnabled);
  }
});

test("what another desk does appears here by itself", async ({ page, browser, javaScriptEnabled, watch }) => {
  test.skip(!javaScriptEnabled, "a page without JavaScript is as old as its last load");
  await signIn(page, owner, "/desk/rooms");
  await alive(page, javaScriptEnabled);
  const other = await watch.watched(await browser.newContext()).newPage();
  await signIn(other, owner, "/desk/rooms");
  const pressed = (desk: typeof page) => desk.locator(".room-card").nth(7).locator("[aria-pressed=true]");
  const wanted = (await pressed(other).textContent()) === "Clean" ? "Dirty" : "Clean";
  await other.locator(".room-card").nth(7).getByRole("button", { name: wanted }).click();
  await expect(pressed(other)).toHaveText(wanted);
  await expect(pressed(page)).toHaveText(wanted, { timeout: 3000 });
  // A connection that is lost is seen, with the time since when.
  await page.evaluate(() => dispatchEvent(new Event("offline")));
  await expect(page.locator(".live")).toHaveText(/^Reconnecting since \d\d:\d\d …$/);
  await accessible(page, javaScriptEnabled);
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await expect(page.locator(".live")).toHaveText("Live");
});

test("what two write about a guest at once is all kept", async ({ page, javaScriptEnabled }) => {
  test.skip(!javaScriptEnabled, "a page without JavaScript is as old as its last load");
  await ownHotel(page);
  const zoe = (phone: string) => ({ "form[first_name]": "Zoe", "form[phone]": phone, "form[note]": "Late\r\nQuiet" });
  const guest = await send(page, "save-guest", { id: "", ...zoe("+44 20 1") });
  const colleague = (phone: string) => send(page, "save-guest", { id: guest.split("/").pop() ?? "", ...zoe(phone) });
  await page.goto("/desk/guests");
  await alive(page, javaScriptEnabled);
  await page.getByRole("link", { name: "Zoe" }).click();
  const phone = page.getByLabel("Telephone");
  const city = page.getByLabel("City");
  // Who took back what they typed sees what comes.
  await phone.pressSequentially("2");
  await phone.press("Backspace");
  await colleague("+44 20 2");
  await expect(phone).toHaveValue("+44 20 2");
  // Who is typing does not, until they have saved; nobody's number is lost by that.
  await city.pressSequentially("Porto");
  await colleague("+44 20 3");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  await expect(phone).toHaveValue("+44 20 3");
  await expect(city).toHaveValue("Porto");

  // Nothing is typed in the settings, though a new room would be of the first type.
  await page.goto("/desk/settings");
  await alive(page, javaScriptEnabled);
  await send(page, "save-room-type", { id: "", "form[name]": "Loft", "form[sleeps]": "2", "form[rate]": "200" });
  await expect(page.getByRole("cell", { name: "Loft", exact: true })).toBeVisible();
});
