// One visit to everything the sandbox offers, by Stripe's own SDK.
import assert from "node:assert/strict";
import Stripe from "stripe";
import { CARDS, KEY, SECRET, payer, submit } from "./sandbox.mjs";

const DAY = 86_400;

/** The SDK, talking to the sandbox; `seen` is told of every answer. */
export function client(base, apiVersion, seen) {
  const { hostname, port } = new URL(base);
  const listening = async (url, init) => {
    const response = await fetch(url, init);
    const body = await response.clone().json();
    seen({ method: init.method, path: new URL(url).pathname, status: response.status, body });
    return response;
  };
  return new Stripe(KEY, {
    host: hostname,
    port: Number(port),
    protocol: "http",
    ...(apiVersion ? { apiVersion } : {}),
    maxNetworkRetries: 0,
    telemetry: false,
    httpClient: Stripe.createFetchHttpClient(listening),
  });
}

const refused = (promise, code, status = 400) =>
  assert.rejects(promise, (error) => {
    assert.deepEqual([error.code ?? error.type, error.statusCode], [code, status], error.message);
    return true;
  });

/** Every event so far, its signature checked by the SDK. */
export async function verified(stripe, sandbox) {
  const webhooks = await sandbox.webhooks();
  return webhooks.map(({ body, signature }) => stripe.webhooks.constructEvent(body, signature, SECRET));
}

export async function walk(stripe, sandbox) {
  const pay = (session, card) => submit(sandbox.base, session.url, payer(card));
  const urls = { success_url: "https://shop.example/done?id={CHECKOUT_SESSION_ID}", cancel_url: "https://shop.example/cart" };

  // Catalogue
  const product = await stripe.products.create({ name: "Hotel Basic", metadata: { module: "hotel" } });
  const monthly = { product: product.id, currency: "usd", recurring: { interval: "month" } };
  const basic = await stripe.prices.create({ ...monthly, unit_amount: 2999, lookup_key: "basic" });
  const pro = await stripe.prices.create({ ...monthly, unit_amount: 4999 });
  const yearly = await stripe.prices.create({ ...monthly, unit_amount: 29900, recurring: { interval: "year" } });
  await stripe.products.retrieve(product.id);
  await stripe.products.update(product.id, { description: "One house", default_price: basic.id });
  await stripe.prices.retrieve(basic.id, { expand: ["product"] });
  await stripe.prices.update(pro.id, { nickname: "Pro" });
  assert.equal((await stripe.prices.list({ product: product.id, limit: 2 })).has_more, true);
  assert.equal((await stripe.products.list()).data.length > 0, true);

  // Customers
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: Date.UTC(2026, 0, 31, 10) / 1000, name: "walk" });
  const customer = await stripe.customers.create({
    email: "owner@harbour.example",
    name: "Harbour House",
    address: { country: "DE", city: "Hamburg" },
    test_clock: clock.id,
    metadata: { company_id: "1001" },
  });
  await stripe.customers.retrieve(customer.id);
  await stripe.customers.update(customer.id, { phone: "+49 40 1", metadata: { company_id: "" } });
  const other = await stripe.customers.create({ email: "gone@harbour.example" });
  assert.equal((await stripe.customers.list({ email: "gone@harbour.example" })).data.at(0).id, other.id);
  assert.equal((await stripe.customers.del(other.id)).deleted, true);
  await refused(stripe.customers.update(other.id, { name: "x" }), "resource_missing", 404);

  // A payment: refused, authenticated in vain, then paid and refunded in two parts
  const lines = [{ price_data: { currency: "eur", unit_amount: 2500, product_data: { name: "Deposit" } }, quantity: 2 }];
  const payment = await stripe.checkout.sessions.create({
    ...urls,
    mode: "payment",
    line_items: lines,
    client_reference_id: "order-7",
    customer_creation: "always",
    metadata: { invoice: "INV-7" },
    payment_intent_data: { metadata: { invoice: "INV-7" }, description: "Invoice INV-7" },
  });
  assert.equal(payment.amount_total, 5000);
  await stripe.checkout.sessions.listLineItems(payment.id);
  const declined = await pay(payment, CARDS.declined);
  assert.equal(declined.status, 402);
  assert.match(declined.page, /Your card was declined\./);
  const challenge = await pay(payment, CARDS.authenticates);
  assert.equal((await submit(sandbox.base, challenge.location, { result: "fail" })).location, `/pay/${payment.id}?problem=authentication`);
  const second = await pay(payment, CARDS.authenticates);
  const done = await submit(sandbox.base, second.location, { result: "complete" });
  assert.equal(done.location, `https://shop.example/done?id=${payment.id}`);
  const paid = await stripe.checkout.sessions.retrieve(payment.id, { expand: ["payment_intent.latest_charge", "customer", "line_items"] });
  assert.equal(paid.payment_status, "paid");
  assert.equal(paid.payment_intent.latest_charge.metadata.invoice, "INV-7");
  const intent = paid.payment_intent.id;
  await stripe.paymentIntents.retrieve(intent);
  await stripe.paymentIntents.update(intent, { metadata: { seen: "yes" } });
  await stripe.paymentIntents.list({ limit: 3 });
  await stripe.charges.list({ payment_intent: intent });
  await stripe.charges.retrieve(paid.payment_intent.latest_charge.id);
  await stripe.charges.update(paid.payment_intent.latest_charge.id, { metadata: { seen: "yes" } });
  const part = await stripe.refunds.create({ payment_intent: intent, amount: 2000, reason: "requested_by_customer" });
  await stripe.refunds.cancel(part.id);
  const whole = await stripe.refunds.create({ charge: paid.payment_intent.latest_charge.id });
  assert.equal(whole.amount, 5000);
  await stripe.refunds.retrieve(whole.id);
  await stripe.refunds.update(whole.id, { metadata: { by: "desk" } });
  await stripe.refunds.list({ payment_intent: intent });
  await refused(stripe.refunds.create({ payment_intent: intent }), "charge_already_refunded");

  // Money reserved, captured and let go
  const manual = { amount: 9000, currency: "eur", capture_method: "manual", payment_method: "pm_card_visa", confirm: true };
  const reserved = await stripe.paymentIntents.create(manual);
  assert.equal((await stripe.paymentIntents.capture(reserved.id, { amount_to_capture: 8000 })).amount_received, 8000);
  const waiting = await stripe.paymentIntents.create({ amount: 100, currency: "eur" });
  await refused(stripe.paymentIntents.confirm(waiting.id, { payment_method: "pm_card_chargeDeclined" }), "card_declined", 402);
  await stripe.paymentIntents.confirm(waiting.id, { payment_method: "pm_card_authenticationRequired" });
  await stripe.paymentIntents.cancel(waiting.id, { cancellation_reason: "abandoned" });
  await refused(stripe.paymentIntents.cancel(waiting.id), "payment_intent_unexpected_state");

  // A dispute
  const disputed = await stripe.checkout.sessions.create({ ...urls, mode: "payment", line_items: lines });
  await pay(disputed, CARDS.disputed);
  const dispute = (await stripe.disputes.list()).data[0];
  await stripe.disputes.retrieve(dispute.id);
  assert.equal((await stripe.disputes.update(dispute.id, { evidence: { uncategorized_text: "winning_evidence" } })).status, "won");

  const again = await stripe.checkout.sessions.create({ ...urls, mode: "payment", line_items: lines });
  await pay(again, CARDS.disputed);
  assert.equal((await stripe.disputes.close((await stripe.disputes.list({ limit: 1 })).data[0].id)).status, "lost");

  // A session left alone, and one closed
  const left = await stripe.checkout.sessions.create({ ...urls, mode: "payment", line_items: lines });
  await stripe.checkout.sessions.update(left.id, { metadata: { left: "alone" } });
  assert.equal((await stripe.checkout.sessions.expire(left.id)).status, "expired");
  await stripe.checkout.sessions.list({ limit: 2 });

  // A subscription: bought, renewed on the 31st, changed, paused, failing, cured, ended
  const purchase = await stripe.checkout.sessions.create({
    ...urls,
    mode: "subscription",
    customer: customer.id,
    line_items: [{ price: basic.id, quantity: 1 }],
    subscription_data: { metadata: { plan: "basic" } },
  });
  assert.equal((await pay(purchase, CARDS.succeeds)).status, 303);
  const id = (await stripe.checkout.sessions.retrieve(purchase.id)).subscription;
  const forward = (days) => {
    clock.frozen_time += days * DAY;
    return stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: clock.frozen_time });
  };
  await forward(29);
  const invoices = await stripe.invoices.list({ subscription: id, status: "paid", expand: ["data.customer"] });
  assert.deepEqual(invoices.data.map((it) => it.billing_reason), ["subscription_cycle", "subscription_create"]);
  assert.equal(new Date(invoices.data[0].lines.data[0].period.end * 1000).toISOString(), "2026-03-31T10:00:00.000Z");
  await stripe.invoices.retrieve(invoices.data[0].id, { expand: ["payments"] });
  await stripe.invoices.update(invoices.data[0].id, { metadata: { booked: "yes" } });
  await stripe.invoices.listLineItems(invoices.data[0].id);
  await stripe.invoicePayments?.list({ invoice: invoices.data[0].id });

  let subscription = await stripe.subscriptions.retrieve(id, { expand: ["latest_invoice", "default_payment_method"] });
  const item = subscription.items.data[0].id;
  subscription = await stripe.subscriptions.update(id, { items: [{ id: item, price: pro.id }] });
  assert.equal(subscription.items.data[0].price.id, pro.id);
  subscription = await stripe.subscriptions.update(id, { pause_collection: { behavior: "void" } });
  assert.equal(subscription.pause_collection.behavior, "void");
  await forward(30);
  assert.equal((await stripe.invoices.list({ subscription: id, status: "void" })).data.length, 1);
  await stripe.subscriptions.update(id, { pause_collection: "", metadata: { plan: "pro" } });

  const card = await stripe.paymentMethods.attach("pm_card_chargeCustomerFail", { customer: customer.id });
  await stripe.paymentMethods.retrieve(card.id);
  await stripe.customers.listPaymentMethods(customer.id);
  await stripe.paymentMethods.list({ customer: customer.id });
  await stripe.subscriptions.update(id, { default_payment_method: card.id });
  await forward(31);
  subscription = await stripe.subscriptions.retrieve(id);
  assert.equal(subscription.status, "past_due");
  await refused(stripe.invoices.pay(subscription.latest_invoice), "card_declined", 402);
  const cured = await stripe.invoices.pay(subscription.latest_invoice, { payment_method: "pm_card_visa" });
  assert.equal(cured.status, "paid");
  await stripe.paymentMethods.detach(card.id);
  await stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: "pm_card_visa" } });
  subscription = await stripe.subscriptions.update(id, { items: [{ id: item, price: yearly.id }], proration_behavior: "always_invoice" });
  assert.equal(subscription.items.data[0].price.recurring.interval, "year");
  assert.equal((await stripe.subscriptions.list({ customer: customer.id, status: "all" })).data[0].id, id);

  // The portal
  const portal = await stripe.billingPortal.sessions.create({ customer: customer.id, return_url: "https://shop.example/account" });
  assert.match(await (await fetch(portal.url)).text(), /Cancel at period end/);
  await submit(sandbox.base, `${portal.url}/subscriptions/${id}/cancel`, {});
  assert.equal((await stripe.subscriptions.retrieve(id)).cancel_at_period_end, true);
  await submit(sandbox.base, `${portal.url}/subscriptions/${id}/resume`, {});
  assert.equal((await stripe.subscriptions.retrieve(id)).cancel_at_period_end, false);
  await submit(sandbox.base, `${portal.url}/card`, payer(CARDS.renewalsFail));
  assert.equal((await stripe.subscriptions.cancel(id)).status, "canceled");
  await refused(stripe.subscriptions.cancel(id), "resource_missing", 404);

  // A trial
  const trial = await stripe.checkout.sessions.create({
    ...urls,
    mode: "subscription",
    customer: customer.id,
    line_items: [{ price: basic.id, quantity: 2 }],
    subscription_data: { trial_period_days: 14 },
  });
  assert.equal(trial.amount_total, 0);
  await pay(trial, CARDS.renewalsFail);
  const tried = (await stripe.checkout.sessions.retrieve(trial.id, { expand: ["subscription"] })).subscription;
  assert.equal(tried.status, "trialing");
  await forward(12);
  await forward(40);
  assert.equal((await stripe.subscriptions.retrieve(tried.id)).status, "canceled");

  // A trial without a card pauses; resumed, its invoices are kept as drafts and dealt with by hand
  const newcomer = await stripe.customers.create({ email: "new@mill.example", test_clock: clock.id });
  const bare = await stripe.checkout.sessions.create({
    ...urls,
    mode: "subscription",
    customer: newcomer.id,
    line_items: [{ price: basic.id }],
    payment_method_collection: "if_required",
    subscription_data: { trial_period_days: 7, trial_settings: { end_behavior: { missing_payment_method: "pause" } } },
  });
  assert.equal((await submit(sandbox.base, bare.url, { email: "new@mill.example", name: "Old Mill" })).status, 303);
  const paused = (await stripe.checkout.sessions.retrieve(bare.id)).subscription;
  await forward(8);
  assert.equal((await stripe.subscriptions.retrieve(paused)).status, "paused");
  await stripe.customers.update(newcomer.id, { invoice_settings: { default_payment_method: "pm_card_mastercard" } });
  assert.equal((await stripe.subscriptions.resume(paused)).status, "active");
  await stripe.subscriptions.update(paused, { pause_collection: { behavior: "keep_as_draft" } });
  await forward(62);
  const drafts = (await stripe.invoices.list({ subscription: paused, status: "draft" })).data;
  assert.equal(drafts.length, 2);
  for (const draft of drafts) assert.equal((await stripe.invoices.finalizeInvoice(draft.id)).status, "open");
  await refused(stripe.invoices.finalizeInvoice(drafts[0].id), "invoice_not_editable");
  assert.equal((await stripe.invoices.voidInvoice(drafts[0].id)).status, "void");
  assert.equal((await stripe.invoices.markUncollectible(drafts[1].id)).status, "uncollectible");
  assert.equal((await stripe.invoices.pay(drafts[1].id, { paid_out_of_band: true })).status, "paid");

  // Events, endpoints, clocks
  const events = await stripe.events.list({ limit: 100 });
  await stripe.events.retrieve(events.data[0].id);
  assert.equal((await stripe.events.list({ type: "customer.subscription.*" })).data.length > 0, true);
  const endpoint = await stripe.webhookEndpoints.create({ url: sandbox.webhook, enabled_events: ["product.updated"] });
  assert.match(endpoint.secret, /^whsec_/);
  await stripe.webhookEndpoints.retrieve(endpoint.id);
  await stripe.webhookEndpoints.update(endpoint.id, { disabled: true, description: "second" });
  await stripe.webhookEndpoints.list();
  await stripe.webhookEndpoints.del(endpoint.id);
  await stripe.testHelpers.testClocks.retrieve(clock.id);
  await stripe.testHelpers.testClocks.list();
  await stripe.testHelpers.testClocks.del(clock.id);

  // Refusals
  await refused(stripe.customers.retrieve("cus_none"), "resource_missing", 404);
  await refused(stripe.checkout.sessions.create({ ...urls, mode: "payment" }), "parameter_missing");
  await refused(stripe.customers.create({ nonsense: "1" }), "parameter_unknown");
  const options = { idempotencyKey: `walk-${payment.id}` };
  const first = await stripe.customers.create({ email: "once@harbour.example" }, options);
  assert.equal((await stripe.customers.create({ email: "once@harbour.example" }, options)).id, first.id);
  await refused(stripe.customers.create({ email: "twice@harbour.example" }, options), "StripeIdempotencyError");
}
