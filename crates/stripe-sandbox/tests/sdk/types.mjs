// Checks objects against the types of Stripe's SDK, which describe today's API: what is missing, of the wrong type, not a
// known value, or not a field at all, is an error of the TypeScript compiler.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
const modules = dirname(dirname(require.resolve("typescript/package.json")));

const TYPES = {
  "billing_portal.session": "Stripe.BillingPortal.Session",
  "checkout.session": "Stripe.Checkout.Session",
  "test_helpers.test_clock": "Stripe.TestHelpers.TestClock",
  charge: "Stripe.Charge",
  customer: "Stripe.Customer",
  dispute: "Stripe.Dispute",
  invoice: "Stripe.Invoice",
  invoice_payment: "Stripe.InvoicePayment",
  item: "Stripe.LineItem",
  line_item: "Stripe.InvoiceLineItem",
  payment_intent: "Stripe.PaymentIntent",
  payment_method: "Stripe.PaymentMethod",
  price: "Stripe.Price",
  product: "Stripe.Product",
  refund: "Stripe.Refund",
  subscription: "Stripe.Subscription",
  webhook_endpoint: "Stripe.WebhookEndpoint",
};

/** Objects by kind, each shape once: objects of the same fields and kinds of values say nothing new. */
export function collector() {
  const seen = new Map();
  const shape = (value) => {
    if (Array.isArray(value)) return `[${[...new Set(value.map(shape))].join()}]`;
    if (value === null || typeof value !== "object") return value === null ? "null" : typeof value;
    return `{${Object.entries(value).map(([name, field]) => `${name}:${["status", "reason", "type"].includes(name) ? field : shape(field)}`).join()}}`;
  };
  const add = (value) => {
    if (Array.isArray(value)) return value.forEach(add);
    if (value === null || typeof value !== "object") return;
    if (TYPES[value.object] && !value.deleted) {
      seen.set(`${value.object} ${shape(value)}`, value);
    } else {
      Object.values(value).forEach(add);
    }
  };
  return { add, objects: () => [...seen.values()] };
}

/** Decimals travel as text; the SDK makes objects of them. */
const literal = (object) =>
  JSON.stringify(object).replace(/"(\w+_decimal)":("[^"]*")/g, '"$1":Stripe.Decimal.from($2)');

/** What the compiler has to say about the objects, one line each. */
export function typeErrors(objects) {
  const folder = mkdtempSync(join(tmpdir(), "stripe-sandbox-types-"));
  try {
    symlinkSync(modules, join(folder, "node_modules"), "dir");
    const lines = objects.map((object, at) => `const o${at}: ${TYPES[object.object]} = ${literal(object)};`);
    writeFileSync(join(folder, "objects.ts"), ['import Stripe from "stripe";', ...lines, "export {};"].join("\n"));
    const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022", "--types", ""];
    const compiler = spawnSync(process.execPath, [join(modules, "typescript/bin/tsc"), ...options, join(folder, "objects.ts")], { encoding: "utf8" });
    if (compiler.status === 0) return [];
    const kind = (line) => objects[Number(line) - 2]?.object;
    const said = compiler.stdout
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => line.replace(/^.*objects\.ts\((\d+),\d+\): error \w+: /, (_, at) => `${kind(at)}: `).replace(/'\{.*\}'/, "{…}"));
    return [...new Set(said)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
