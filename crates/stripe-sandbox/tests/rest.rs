//! What every REST call has in common: keys, repetition, pages of lists, refusals, expansion.
#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

mod common;

use common::{KEY, SUCCEEDS, World, payment_form};
use serde_json::Value;

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

#[tokio::test]
async fn only_the_secret_key_opens() {
    let world = World::with(|config| config.secret_key = Some(KEY.to_owned())).await;
    let url = format!("{}/v1/customers", world.base);
    let refused = world.http.get(&url).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    let body: Value = serde_json::from_str(&refused.text().await.unwrap()).unwrap();
    assert_eq!(body["error"]["type"], "invalid_request_error");
    assert_eq!(world.http.get(&url).bearer_auth("sk_test_other").send().await.unwrap().status(), 401);
    assert_eq!(world.http.get(&url).bearer_auth("sk_live_x").send().await.unwrap().status(), 401);
    assert_eq!(world.http.get(&url).basic_auth(KEY, Some("")).send().await.unwrap().status(), 200);
    let accepted = world.http.get(&url).bearer_auth(KEY).send().await.unwrap();
    assert_eq!(accepted.status(), 200);
    assert!(accepted.headers()["request-id"].to_str().unwrap().starts_with("req_"));
}

#[tokio::test]
async fn a_repeated_call_is_done_once() {
    let world = World::new().await;
    let send = async |email: &str| {
        let request = world
            .request("POST", "/v1/customers")
            .header("Idempotency-Key", "once")
            .form(&[("email", email)]);
        let response = request.send().await.unwrap();
        let replayed = response.headers().contains_key("idempotent-replayed");
        let status = response.status().as_u16();
        (status, replayed, serde_json::from_str::<Value>(&response.text().await.unwrap()).unwrap())
    };
    let (_, first_replayed, first) = send("a@b.example").await;
    let (status, replayed, second) = send("a@b.example").await;
    assert_eq!((status, first_replayed, replayed, &first), (200, false, true, &second));
    let (status, _, other) = send("c@d.example").await;
    assert_eq!((status, other["error"]["type"].as_str()), (400, Some("idempotency_error")));
    assert_eq!(world.kinds().await, ["customer.created"]);
    world.sandbox.advance(std::time::Duration::from_hours(25));
    assert_eq!(send("c@d.example").await.0, 200);
}

#[tokio::test]
async fn a_declined_call_is_kept_a_senseless_one_is_not() {
    let world = World::new().await;
    let send = async |form: &[(&str, &str)], key: &str| {
        let response = world
            .request("POST", "/v1/payment_intents")
            .header("Idempotency-Key", key)
            .form(form)
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), response.headers().contains_key("idempotent-replayed"))
    };
    let declined = [
        ("amount", "100"),
        ("currency", "eur"),
        ("confirm", "true"),
        ("payment_method", "pm_card_chargeDeclined"),
    ];
    assert_eq!(send(&declined, "card").await, (402, false));
    assert_eq!(send(&declined, "card").await, (402, true));
    assert_eq!(world.counts().await["charge.failed"], 1);
    assert_eq!(send(&[("amount", "x")], "sense").await, (400, false));
    assert_eq!(send(&[("amount", "100"), ("currency", "eur")], "sense").await, (200, false));
}

#[tokio::test]
async fn lists_come_in_pages_both_ways() {
    let world = World::new().await;
    let mut made = Vec::new();
    for n in 0..5 {
        let customer = world.ok("POST", "/v1/customers", &[("name", &n.to_string())]).await;
        made.insert(0, id(&customer).to_owned());
    }
    let page = async |query: String| {
        let list = world.ok("GET", &format!("/v1/customers?{query}"), &[]).await;
        let ids: Vec<String> = list["data"].as_array().unwrap().iter().map(|it| id(it).to_owned()).collect();
        (ids, list["has_more"].as_bool().unwrap())
    };
    assert_eq!(page("limit=2".into()).await, (made[0..2].to_vec(), true));
    assert_eq!(page(format!("limit=2&starting_after={}", made[1])).await, (made[2..4].to_vec(), true));
    assert_eq!(page(format!("limit=2&starting_after={}", made[3])).await, (made[4..].to_vec(), false));
    assert_eq!(page(format!("limit=2&ending_before={}", made[4])).await, (made[2..4].to_vec(), true));
    assert_eq!(page(format!("limit=2&ending_before={}", made[2])).await, (made[0..2].to_vec(), false));
    for (query, code) in [
        ("limit=0", "parameter_invalid_integer"),
        ("limit=101", "parameter_invalid_integer"),
        ("starting_after=cus_x", "resource_missing"),
    ] {
        let (_, body) = world.call("GET", &format!("/v1/customers?{query}"), &[]).await;
        assert_eq!(body["error"]["code"], code, "{query}");
    }
}

/// Method, path, form; status, code, param.
type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], u16, &'a str, &'a str);

#[tokio::test]
async fn refusals_say_what_and_where() {
    let world = World::new().await;
    let mut monthly = payment_form();
    monthly.push(("line_items[0][price_data][recurring][interval]", "month"));
    let cases: [Case; 12] = [
        (
            "POST",
            "/v1/prices",
            &[("currency", "eur"), ("unit_amount", "1")],
            400,
            "parameter_missing",
            "product",
        ),
        (
            "POST",
            "/v1/prices",
            &[("currency", "eur"), ("unit_amount", "-1"), ("product_data[name]", "x")],
            400,
            "parameter_invalid_integer",
            "unit_amount",
        ),
        ("POST", "/v1/customers", &[("emial", "a@b.example")], 400, "parameter_unknown", "emial"),
        (
            "POST",
            "/v1/checkout/sessions",
            &[("success_url", "nowhere")],
            400,
            "parameter_missing",
            "line_items",
        ),
        ("GET", "/v1/invoices/in_none", &[], 404, "resource_missing", "id"),
        ("POST", "/v1/refunds", &[("charge", "ch_none")], 404, "resource_missing", "charge"),
        (
            "POST",
            "/v1/test_helpers/test_clocks",
            &[("frozen_time", "99999999999999")],
            400,
            "",
            "frozen_time",
        ),
        ("POST", "/v1/checkout/sessions", &monthly, 400, "", "line_items"),
        ("GET", "/v1/nothing", &[], 404, "", ""),
        ("DELETE", "/v1/invoices", &[], 404, "", ""),
        (
            "POST",
            "/v1/prices",
            &[("billing_scheme", "tiered"), ("product_data[name]", "x")],
            400,
            "",
            "billing_scheme",
        ),
        (
            "POST",
            "/v1/checkout/sessions",
            &[("automatic_tax[enabled]", "true")],
            400,
            "",
            "automatic_tax[enabled]",
        ),
    ];
    for (method, path, form, status, code, param) in cases {
        let (got, body) = world.call(method, path, form).await;
        let error = &body["error"];
        let found = (got, error["code"].as_str().unwrap_or(""), error["param"].as_str().unwrap_or(""));
        assert_eq!(found, (status, code, param), "{method} {path}: {body}");
        assert!(!error["message"].as_str().unwrap().is_empty());
    }
    assert!(world.kinds().await.is_empty(), "a refused call changes nothing");
}

#[tokio::test]
async fn ids_expand_to_objects_along_paths_and_lists() {
    let world = World::new().await;
    let mut form = payment_form();
    form.push(("customer_creation", "always"));
    let session = world.ok("POST", "/v1/checkout/sessions", &form).await;
    world.pay(&session, SUCCEEDS).await;
    let path = format!(
        "/v1/checkout/sessions/{}?expand[]=customer&expand[]=payment_intent.latest_charge.refunds&expand[]=line_items.data.price.product&expand[]=subscription",
        id(&session)
    );
    let whole = world.ok("GET", &path, &[]).await;
    assert_eq!(whole["customer"]["object"], "customer");
    assert_eq!(whole["payment_intent"]["latest_charge"]["refunds"]["object"], "list");
    assert_eq!(whole["line_items"]["data"][0]["price"]["product"]["name"], "Deposit");
    assert_eq!(whole["subscription"], Value::Null);
    let list = world.ok("GET", "/v1/charges?expand[]=data.payment_intent", &[]).await;
    assert_eq!(list["data"][0]["payment_intent"]["status"], "succeeded");
    let (status, _) =
        world.call("GET", &format!("/v1/checkout/sessions/{}?expand[]=mode", id(&session)), &[]).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn older_versions_get_older_shapes() {
    let world = World::new().await;
    let (_, session) = world.subscribed_at(1_800_000_000, SUCCEEDS, &[]).await;
    let path =
        format!("/v1/subscriptions/{}?expand[]=latest_invoice", session["subscription"].as_str().unwrap());
    let today = world.ok("GET", &path, &[]).await;
    assert_eq!(today.get("current_period_end"), None);
    assert_eq!(today["latest_invoice"].get("payment_intent"), None);
    let response = world.request("GET", &path).header("Stripe-Version", "2024-06-20").send().await.unwrap();
    let older: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(older["current_period_end"], today["items"]["data"][0]["current_period_end"]);
    assert!(older["latest_invoice"]["payment_intent"].as_str().unwrap().starts_with("pi_"));
    assert_eq!(older["latest_invoice"]["paid"], true);
}

#[tokio::test]
async fn lists_narrow_to_a_time() {
    let world = World::new().await;
    let first = world.ok("POST", "/v1/customers", &[]).await["created"].as_i64().unwrap();
    world.sandbox.advance(std::time::Duration::from_hours(1));
    world.ok("POST", "/v1/customers", &[]).await;
    for (query, found) in [
        (format!("created[gt]={}", first + 60), 1),
        (format!("created[gte]={first}"), 2),
        (format!("created[lt]={}&created[gte]={first}", first + 60), 1),
        (format!("created={first}"), 1),
        (format!("created[lte]={}", first - 60), 0),
    ] {
        let list = world.ok("GET", &format!("/v1/customers?{query}"), &[]).await;
        assert_eq!(list["data"].as_array().unwrap().len(), found, "{query}");
    }
}

#[tokio::test]
async fn parallel_refunds_never_give_back_more_than_was_paid() {
    let world = World::new().await;
    let session = world.ok("POST", "/v1/checkout/sessions", &payment_form()).await;
    world.pay(&session, SUCCEEDS).await;
    let charge = world.ok("GET", "/v1/charges", &[]).await["data"][0]["id"].as_str().unwrap().to_owned();
    let refunds: Vec<_> = (0..64)
        .map(|_| {
            tokio::spawn(
                world
                    .request("POST", "/v1/refunds")
                    .form(&[("charge", charge.as_str()), ("amount", "300")])
                    .send(),
            )
        })
        .collect();
    let mut accepted = 0;
    for refund in refunds {
        accepted += u32::from(refund.await.unwrap().unwrap().status() == 200);
    }
    let charge = world.ok("GET", &format!("/v1/charges/{charge}"), &[]).await;
    assert_eq!((accepted, charge["amount_refunded"].as_i64()), (16, Some(4800)));
}

/// Numbers that look random and repeat.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

const CALLS: [(&str, &str); 26] = [
    ("POST", "/v1/customers"),
    ("POST", "/v1/customers/{cus}"),
    ("POST", "/v1/products"),
    ("POST", "/v1/prices"),
    ("POST", "/v1/checkout/sessions"),
    ("POST", "/v1/checkout/sessions/{cs}/expire"),
    ("POST", "/v1/payment_intents"),
    ("POST", "/v1/payment_intents/{pi}/confirm"),
    ("POST", "/v1/payment_intents/{pi}/capture"),
    ("POST", "/v1/payment_intents/{pi}/cancel"),
    ("POST", "/v1/refunds"),
    ("POST", "/v1/refunds/{re}/cancel"),
    ("POST", "/v1/subscriptions/{sub}"),
    ("DELETE", "/v1/subscriptions/{sub}"),
    ("POST", "/v1/subscriptions/{sub}/resume"),
    ("POST", "/v1/invoices/{in}/pay"),
    ("POST", "/v1/invoices/{in}/void"),
    ("POST", "/v1/disputes/{du}"),
    ("POST", "/v1/billing_portal/sessions"),
    ("POST", "/v1/test_helpers/test_clocks"),
    ("POST", "/v1/test_helpers/test_clocks/{clock}/advance"),
    ("POST", "/v1/webhook_endpoints"),
    ("GET", "/v1/events"),
    ("GET", "/v1/invoices"),
    ("POST", "/pay/{cs}"),
    ("POST", "/invoice/{in}/pay"),
];
const NAMES: [&str; 34] = [
    "amount",
    "amount_to_capture",
    "unit_amount",
    "currency",
    "customer",
    "charge",
    "payment_intent",
    "payment_method",
    "confirm",
    "mode",
    "line_items[0][price]",
    "line_items[0][quantity]",
    "line_items[0][price_data][unit_amount]",
    "line_items[0][price_data][currency]",
    "line_items[0][price_data][product_data][name]",
    "line_items[0][price_data][recurring][interval]",
    "success_url",
    "product_data[name]",
    "recurring[interval]",
    "recurring[interval_count]",
    "name",
    "items[0][id]",
    "items[0][price]",
    "items[0][quantity]",
    "cancel_at_period_end",
    "trial_end",
    "pause_collection",
    "pause_collection[behavior]",
    "proration_behavior",
    "frozen_time",
    "limit",
    "starting_after",
    "expand[]",
    "metadata[a]",
];
const VALUES: [&str; 22] = [
    "",
    "0",
    "1",
    "-1",
    "3",
    "99999999",
    "9223372036854775807",
    "-9223372036854775808",
    "1e9",
    "eur",
    "usd",
    "true",
    "now",
    "month",
    "day",
    "void",
    "subscription",
    "payment",
    "https://x.example/",
    "pm_card_visa",
    "data.customer",
    "\u{0}\u{1F600}",
];

#[tokio::test]
async fn no_call_breaks_it() {
    let world = World::new().await;
    world.sandbox.set_controls(stripe_sandbox::Controls { hold: true, ..Default::default() });
    let (clock, session) = world.subscribed_at(1_800_000_000, common::RENEWALS_FAIL, &[]).await;
    world.advance_clock(&clock, 1_803_000_000).await;
    let paid = world.ok("POST", "/v1/checkout/sessions", &payment_form()).await;
    world.pay(&paid, common::DISPUTED).await;
    world
        .ok(
            "POST",
            "/v1/refunds",
            &[("charge", id(&world.ok("GET", "/v1/charges", &[]).await["data"][0])), ("amount", "7")],
        )
        .await;
    let mut ids = vec![clock, id(&session).to_owned(), session["customer"].as_str().unwrap().to_owned()];
    for kind in [
        "customers",
        "payment_intents",
        "charges",
        "refunds",
        "disputes",
        "subscriptions",
        "invoices",
        "prices",
        "products",
        "checkout/sessions",
    ] {
        let list = world.ok("GET", &format!("/v1/{kind}"), &[]).await;
        ids.extend(list["data"].as_array().unwrap().iter().map(|it| id(it).to_owned()));
    }
    ids.push(world.subscription_of(&session).await["items"]["data"][0]["id"].as_str().unwrap().to_owned());

    let mut dice = Dice(1);
    let mut statuses = std::collections::BTreeMap::<u16, u32>::new();
    for _ in 0..12_000 {
        let (method, path) = CALLS[dice.roll(CALLS.len())];
        let path = match path.split_once('{').and_then(|(start, rest)| Some((start, rest.split_once('}')?))) {
            None => path.to_owned(),
            Some((start, (kind, end))) => {
                let fitting: Vec<&String> =
                    ids.iter().filter(|it| it.starts_with(&format!("{kind}_"))).collect();
                format!("{start}{}{end}", fitting[dice.roll(fitting.len())])
            }
        };
        let form: Vec<(&str, &str)> = (0..dice.roll(4))
            .map(|_| {
                let name = NAMES[dice.roll(NAMES.len())];
                let value = if dice.roll(3) == 0 {
                    ids[dice.roll(ids.len())].as_str()
                } else {
                    VALUES[dice.roll(VALUES.len())]
                };
                (name, value)
            })
            .collect();
        let request = world.request(method, &path).form(&form);
        let status = request
            .send()
            .await
            .unwrap_or_else(|problem| panic!("{method} {path} {form:?}: {problem}"))
            .status()
            .as_u16();
        assert!(status < 500, "{method} {path} {form:?}: {status}");
        *statuses.entry(status).or_default() += 1;
    }
    assert!(statuses[&200] > 100, "{statuses:?}");
    // Whatever state that led to, its events can be read by the strict client.
    let webhooks = world.sandbox.held_webhooks();
    assert!(webhooks.len() > 150, "{}", webhooks.len());
    for it in webhooks {
        let read = stripe_webhook::Webhook::construct_event(&it.payload, &it.signature, common::SECRET);
        assert!(read.is_ok(), "{}: {}", read.unwrap_err(), it.payload);
    }
}
