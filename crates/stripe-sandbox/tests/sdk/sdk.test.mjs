// Stripe's official SDK drives the sandbox; every answer and event is held against Stripe's OpenAPI document.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { openapi } from "./openapi.mjs";
import { start } from "./sandbox.mjs";
import { collector, typeErrors } from "./types.mjs";
import { client, verified, walk } from "./walk.mjs";

let sandbox;
before(async () => (sandbox = await start()));
after(() => sandbox?.stop());

/** Every call the sandbox answers, as its sources declare them. */
function calls() {
  const sources = new URL("../../src/api/", import.meta.url);
  return readdirSync(sources).flatMap((file) => {
    const [, routes = ""] = readFileSync(new URL(file, sources), "utf8").match(/pub fn routes\(\)[^{]*\{([\s\S]*?)\n\}/) ?? [];
    return routes.split(".route(").slice(1).flatMap((route) => {
      const [, path] = route.match(/"([^"]+)"/);
      return [...route.matchAll(/\b(get|post|delete)\(/g)].map(([, verb]) => `${verb.toUpperCase()} ${path}`);
    });
  });
}

/** Checks what is seen; `report` fails with everything that was wrong and says how much was checked. */
function checker(schema) {
  const wrong = [];
  const shapes = collector();
  const counts = { answers: 0, events: 0, unknown: new Set(), calls: new Set() };
  const note = (what, problems) => {
    if (problems === null) counts.unknown.add(what);
    else if (problems.length) wrong.push(`${what}:\n    ${[...new Set(problems)].slice(0, 8).join("\n    ")}`);
  };
  return {
    shapes,
    answer({ method, path, status, body }) {
      counts.answers += 1;
      counts.calls.add(`${method} ${path.replace(/\/(?:ch|clock|cs|cus|du|evt|in|pi|pm|price|prod|re|sub|we)_\w+/g, "/{id}")}`);
      if (status === 200) shapes.add(body);
      note(`${method} ${path} ${status}`, schema.answer(method, path, status, body) ?? schema.object(body));
    },
    event(event) {
      counts.events += 1;
      shapes.add(event.data.object);
      note(`event ${event.type}`, schema.object(event));
      note(`object of ${event.type}`, schema.object(event.data.object));
    },
    report(name) {
      assert.deepEqual([...new Set(wrong)], [], `${wrong.length} objects do not fit`);
      console.log(`${name}: ${counts.answers} answers of ${counts.calls.size} calls and ${counts.events} events fit the document`);
      const missed = calls().filter((call) => !counts.calls.has(call));
      assert.deepEqual(missed, [], "calls the sandbox answers that nobody made");
      for (const what of counts.unknown) assert.match(what, /invoice_payment/, `${what} is not in the document`);
    },
  };
}

test("the SDK walks through everything in today's version", async () => {
  const check = checker(openapi({ today: true }));
  const stripe = client(sandbox.base, undefined, check.answer);
  await walk(stripe, sandbox);
  const events = await verified(stripe, sandbox);
  events.forEach(check.event);
  const kinds = [...new Set(events.map((event) => event.type))].sort();
  console.log(`${events.length} webhooks verified by the SDK, ${kinds.length} kinds`);
  for (const kind of EXPECTED) assert.ok(kinds.includes(kind), `${kind} was not sent; there were ${kinds.join(", ")}`);
  check.report("today's shapes");

  const objects = check.shapes.objects();
  const errors = typeErrors(objects);
  assert.deepEqual(errors, [], "the SDK's types disagree");
  console.log(`${objects.length} shapes of objects fit the SDK's types`);
  assert.notDeepEqual(typeErrors([{ ...objects[0], created: "now" }]), [], "the check of types finds nothing");
});

test("the SDK walks through everything in the version the document describes", async () => {
  const check = checker(openapi({ today: false }));
  await walk(client(sandbox.base, "2023-08-16", check.answer), sandbox);
  check.report("the document's shapes");
});

test("the check finds what does not fit", async () => {
  const stripe = client(sandbox.base, undefined, () => {});
  const whole = await stripe.customers.create({ email: "check@harbour.example" });
  const session = (await stripe.checkout.sessions.list({ limit: 1 })).data[0];
  const schema = openapi({ today: true });
  assert.deepEqual(schema.object(whole), []);
  const faults = {
    "a required field is missing": { ...whole, created: undefined },
    "a text for a number": { ...whole, balance: "0" },
    "null where none may be": { ...whole, livemode: null },
    "a fault within": { ...whole, invoice_settings: { ...whole.invoice_settings, footer: 5 } },
    "a value unknown to an enumeration": { ...session, mode: "gift" },
    "a fault in an expanded object": { ...session, customer: { ...whole, id: 7 } },
  };
  for (const [name, object] of Object.entries(faults)) {
    assert.notDeepEqual(schema.object(JSON.parse(JSON.stringify(object))), [], name);
  }
  assert.notDeepEqual(schema.answer("GET", "/v1/customers", 200, { object: "list", data: [faults["a text for a number"]] }), []);
});

test("a signature with another secret is refused", async () => {
  const stripe = client(sandbox.base, undefined, () => {});
  const [{ body, signature }] = await sandbox.webhooks();
  assert.throws(() => stripe.webhooks.constructEvent(body, signature, "whsec_wrong"), /signature/i);
});

const EXPECTED = [
  "billing_portal.session.created",
  "charge.captured",
  "charge.dispute.closed",
  "charge.dispute.created",
  "charge.failed",
  "charge.refunded",
  "charge.succeeded",
  "checkout.session.completed",
  "checkout.session.expired",
  "customer.created",
  "customer.deleted",
  "customer.subscription.created",
  "customer.subscription.deleted",
  "customer.subscription.paused",
  "customer.subscription.resumed",
  "customer.subscription.trial_will_end",
  "customer.subscription.updated",
  "customer.updated",
  "invoice.created",
  "invoice.finalized",
  "invoice.paid",
  "invoice.payment_failed",
  "invoice.payment_succeeded",
  "invoice.voided",
  "payment_intent.canceled",
  "payment_intent.created",
  "payment_intent.payment_failed",
  "payment_intent.requires_action",
  "payment_intent.succeeded",
  "payment_method.attached",
  "refund.created",
  "refund.updated",
];
