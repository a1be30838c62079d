// A sandbox in a process of its own, a shop that receives its webhooks, and a browser without scripts.
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { once } from "node:events";
import { createInterface } from "node:readline";

export const KEY = "sk_test_sandbox";
export const SECRET = "whsec_sdk_test";

/** Starts the shop and the sandbox; `stop` ends both. */
export async function start() {
  const received = [];
  const shop = createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      received.push({ body: Buffer.concat(parts).toString("utf8"), signature: request.headers["stripe-signature"] });
      response.end("{}");
    });
  });
  shop.listen(0, "127.0.0.1");
  await once(shop, "listening");
  const webhook = `http://127.0.0.1:${shop.address().port}/webhook`;

  const command = process.env.SANDBOX_BIN
    ? [process.env.SANDBOX_BIN, []]
    : ["cargo", ["run", "--quiet", "-p", "stripe-sandbox", "--example", "serve", "--"]];
  const child = spawn(command[0], [...command[1], "127.0.0.1:0"], {
    env: { ...process.env, SANDBOX_WEBHOOK_URL: webhook, STRIPE_WEBHOOK_SECRET: SECRET, STRIPE_SECRET_KEY: KEY },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const base = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", (line) => resolve(new URL(line.split(" ").at(-1)).origin));
    child.once("exit", (code) => reject(new Error(`the sandbox ended with ${code}`)));
  });

  const control = async (path, body) => {
    const init = body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const response = await fetch(`${base}/sandbox/api/${path}`, { method: "POST", ...init });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.headers.get("content-type")?.includes("json") ? response.json() : undefined;
  };
  return {
    base,
    webhook,
    control,
    /** The webhooks so far, all having arrived. */
    async webhooks() {
      await control("settle");
      return received;
    },
    stop() {
      child.removeAllListeners("exit");
      child.kill();
      shop.close();
      shop.closeAllConnections();
    },
  };
}

/** Sends a form of a hosted page and does not follow where it leads. */
export async function submit(base, url, fields) {
  const response = await fetch(new URL(url, base), { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });
  return { status: response.status, location: response.headers.get("location"), page: await response.text() };
}

export const payer = (card) => ({
  email: "pay@er.example",
  name: "Pay Er",
  card_number: card,
  expiry: "12 / 40",
  cvc: "123",
});

export const CARDS = {
  succeeds: "4242 4242 4242 4242",
  authenticates: "4000 0027 6000 3184",
  declined: "4000 0000 0000 0002",
  renewalsFail: "4000 0000 0000 0341",
  disputed: "4000 0000 0000 0259",
};
