//! A hotel's subscription follows what its organisation bought, and what lapses: through billing, the outbox, the jobs and
//! the whole router.

use billing::checkout::Order;
use billing::payments::Payment;
use chrono::{DateTime, TimeDelta, Utc};
use domain::access::Actor;
use domain::ids::{InvoiceId, OrganisationId, PlanId, SubscriptionId};
use http::StatusCode;
use platform::clock::Clock as _;
use platform::outbox::Outbox;
use pms::hotel::subscription::lapse;
use server::serve::hotel_subscriptions::HotelSubscriptions;
use sqlx::PgPool;
use uuid::Uuid;

use crate::rest::{Client, booking};
use crate::support::{Person, Site, bearer, cookie, owner, text};

/// Hotel Basic, 30 days.
const BASIC: PlanId = PlanId(Uuid::from_u128(0x111));

/// A hotel with its owner, who buys.
struct House<'a> {
    site: &'a Site,
    pool: &'a PgPool,
    person: Person,
    actor: Actor,
    admin: Actor,
}

/// How a hotel stands: whether it is marked as subscribed, and until when.
type Standing = (bool, Option<DateTime<Utc>>);

impl<'a> House<'a> {
    async fn new(site: &'a Site, pool: &'a PgPool, name: &str) -> Self {
        let person = owner(site, name).await;
        let token = person.bearer.strip_prefix("Bearer ").unwrap().to_owned();
        let identity = &site.state.services.identity;
        let actor = identity.bearer(&token).await.unwrap();
        let user_id =
            identity.create_admin(&format!("{name}@keyrack.example"), "Root", "AdminPass1").await.unwrap();
        let admin = Actor { user_id, is_platform_admin: true, ..Actor::nobody() };
        Self { site, pool, person, actor, admin }
    }

    /// Tells the events that happened.
    async fn hear(&self) {
        let (database, clock) = (self.site.state.database.clone(), self.site.state.services.clock.clone());
        Outbox::new(database, clock).with_consumer(HotelSubscriptions).deliver_all().await.unwrap();
    }

    async fn standing(&self) -> Standing {
        sqlx::query_as("SELECT subscription_valid, valid_to FROM hotels WHERE id = $1")
            .bind(self.person.hotel_id)
            .fetch_one(self.pool)
            .await
            .unwrap()
    }

    async fn order(&self) -> (SubscriptionId, InvoiceId) {
        let order = Order {
            plan_id: Some(BASIC),
            bundle_ids: Vec::new(),
            addon_ids: Vec::new(),
            currency: "USD".to_owned(),
            country: None,
            payment_method: None,
        };
        let billing = &self.site.state.services.billing;
        let ordered = billing.checkout(self.actor.company_account().unwrap(), &order).await.unwrap();
        (ordered.subscription_id.unwrap(), ordered.invoice_id)
    }

    async fn pay(&self, id: InvoiceId) {
        let payment = Payment { reference: id.to_string(), method: None, paid: None };
        self.site.state.services.billing.capture(id, &payment).await.unwrap();
    }

    async fn buy(&self) -> (SubscriptionId, InvoiceId) {
        let ordered = self.order().await;
        self.pay(ordered.1).await;
        self.hear().await;
        ordered
    }

    fn in_days(&self, days: i64) -> DateTime<Utc> {
        self.site.clock.now() + TimeDelta::days(days)
    }

    fn later(&self, days: i64) {
        self.site.clock.advance(TimeDelta::days(days));
    }

    /// A client with a token of now.
    async fn client(&self) -> Client<'a> {
        Client { site: self.site, bearer: bearer(self.site, &self.person.name).await }
    }

    /// Signs in as a browser does, and gives the cookie.
    async fn browser(&self) -> String {
        let body = format!("login={}%40hotel.example&password=correct+horse+battery&next=", self.person.name);
        let answer = self.site.post_form("/actions/sign-in", "/sign-in", "", &body).await;
        cookie(&answer, "keyrack_session").unwrap()
    }
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_hotel_is_subscribed_for_as_long_as_was_paid_however_often_it_is_said(pool: PgPool) {
    let site = Site::new(&pool);
    let house = House::new(&site, &pool, "harbour").await;
    let other = House::new(&site, &pool, "mill").await;
    let billing = &site.state.services.billing;
    let (account, admin) = (house.actor.company_account().unwrap(), house.admin.admin().unwrap());
    let (_, unpaid) = house.order().await;
    house.hear().await;
    assert_eq!(house.standing().await, (true, None), "who has not bought yet keeps what registration gave");
    house.pay(unpaid).await;
    house.hear().await;
    let end = Some(house.in_days(30));
    assert_eq!(house.standing().await, (true, end));

    // Paid again, told again from the beginning, told by two at once: the end is where it was.
    house.pay(unpaid).await;
    for _ in 0..3 {
        sqlx::query("UPDATE event_cursors SET transaction = '0', position = 0").execute(&pool).await.unwrap();
        futures::future::join(house.hear(), house.hear()).await;
        assert_eq!(house.standing().await, (true, end));
    }

    // The next period begins where this one ends; the admin gives five days more.
    house.later(25);
    billing.tick().await.unwrap();
    let invoices = billing.invoices(account, None).await.unwrap();
    let renewal = invoices.into_iter().find(billing::invoices::Invoice::is_payable).unwrap();
    house.hear().await;
    assert_eq!(house.standing().await, (true, end), "asked for is not paid");
    house.pay(renewal.id).await;
    house.hear().await;
    let id = billing.subscriptions(account).await.unwrap()[0].id;
    assert_eq!(house.standing().await, (true, Some(house.in_days(35))));
    billing.extend_subscription(admin, id, 5).await.unwrap();
    house.hear().await;
    let end = Some(house.in_days(40));
    assert_eq!(house.standing().await, (true, end));

    // Cancelled is not over; interrupted is; taken back with its money is.
    billing.cancel_subscription(admin, id).await.unwrap();
    house.hear().await;
    assert_eq!(house.standing().await, (true, end));
    billing.refund(admin, renewal.id, "r").await.unwrap();
    house.hear().await;
    assert_eq!(house.standing().await, (false, Some(house.in_days(0))));
    let (again, _) = house.buy().await;
    assert_eq!(house.standing().await, (true, Some(house.in_days(30))));
    billing.pause(account, again).await.unwrap();
    house.hear().await;
    assert_eq!(house.standing().await, (false, Some(house.in_days(0))));
    house.later(2);
    billing.resume(account, again).await.unwrap();
    house.hear().await;
    assert_eq!(house.standing().await, (true, Some(house.in_days(30))));
    assert_eq!(other.standing().await, (true, None), "nobody else's");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_is_not_sold_any_more_is_changed_for_what_is(pool: PgPool) {
    let site = Site::new(&pool);
    let house = House::new(&site, &pool, "harbour").await;
    let (id, _) = house.buy().await;
    sqlx::query("UPDATE plans SET is_active = false WHERE id = $1").bind(BASIC).execute(&pool).await.unwrap();
    let browser = house.browser().await;
    let page = text(site.get(&format!("/account/subscriptions/{id}"), &browser).await).await;
    assert!(page.contains("<h2>Hotel Pro</h2>"), "{page}");
    assert!(!page.contains("<h2>Tour Basic</h2>"), "the plans of another module are no change: {page}");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn an_older_event_that_is_told_later_changes_nothing_back(pool: PgPool) {
    let site = Site::new(&pool);
    let house = House::new(&site, &pool, "harbour").await;
    let (id, _) = house.buy().await;
    let end = Some(house.in_days(35));
    site.state.services.billing.extend_subscription(house.admin.admin().unwrap(), id, 5).await.unwrap();
    // As a transaction does that took its number early and committed late: its event comes after the newer one.
    sqlx::query("UPDATE events SET position = DEFAULT WHERE kind = 'subscription.activated'")
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query("UPDATE events SET transaction = pg_current_xact_id() WHERE kind = 'subscription.activated'")
        .execute(&pool)
        .await
        .unwrap();
    house.hear().await;
    assert_eq!(house.standing().await, (true, end));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_the_admin_grants_has_no_end_until_it_is_taken_back(pool: PgPool) {
    let site = Site::new(&pool);
    let house = House::new(&site, &pool, "harbour").await;
    let (billing, admin) = (&site.state.services.billing, house.admin.admin().unwrap());
    let grant = async |is_granted: bool| {
        let organisation_id: OrganisationId = house.actor.organisation_id.unwrap();
        let wanted = [("hotel".to_owned(), is_granted)].into();
        let mut transaction = site.state.database.begin_admin(&admin).await.unwrap();
        let granted = billing.grant_modules(&mut transaction, admin, organisation_id, &wanted).await;
        transaction.commit().await.unwrap();
        house.hear().await;
        granted
    };
    house.buy().await;
    assert!(matches!(grant(false).await, Err(billing::Error::Conflict(_))), "it is paid for");
    house.later(31);
    lapse(&site.state.database, site.clock.now()).await.unwrap();
    let ended = Some(house.in_days(-1));
    assert_eq!(house.standing().await, (false, ended));
    grant(true).await.unwrap();
    assert_eq!(house.standing().await, (true, None));
    grant(false).await.unwrap();
    assert_eq!(house.standing().await, (false, ended));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn what_has_lapsed_can_be_read_and_comes_back_with_the_payment(pool: PgPool) {
    let site = Site::new(&pool);
    let house = House::new(&site, &pool, "harbour").await;
    let client = house.client().await;
    let room = client.room("101").await;
    client.expect(201, "POST", "/bookings/", Some(booking(&room, 1, "Ada"))).await;
    house.buy().await;
    house.later(30);
    // The end itself decides, before the job has noticed.
    assert!(house.standing().await.0);
    let client = house.client().await;
    let mut late = booking(&room, 1, "Ben");
    late["check_in_at"] = "2027-01-10".into();
    late["expected_check_out_at"] = "2027-01-11".into();
    let refused = client.expect(402, "POST", "/bookings/", Some(late.clone())).await;
    assert_eq!(refused["type"], "urn:keyrack:problem:subscription_lapsed");
    client.expect(402, "POST", "/operations/check-in", Some(late.clone())).await;
    client.expect(402, "POST", "/reports/bookings", None).await;
    client.expect(402, "POST", "/reports/bookings?start_date=2030-01-01", None).await;
    // Reading, the room that is dirty, the store and the invoices go on.
    assert_eq!(client.expect(200, "GET", "/bookings/", None).await.as_array().unwrap().len(), 1);
    client.expect(200, "GET", "/rooms", None).await;
    client.expect(200, "GET", "/api/store/modules", None).await;
    client.expect(200, "GET", "/api/companies/me", None).await;

    let browser = house.browser().await;
    let page = site.get("/desk", &browser).await;
    assert_eq!(page.status(), StatusCode::OK);
    let page = text(page).await;
    let words = "The subscription of this hotel has lapsed. Everything is kept and can be read";
    assert!(page.contains(words) && page.contains("Renew it"), "{page}");
    for path in ["/desk/bookings/report", "/desk/bookings/report?from=2026-01-01"] {
        let report = site.get(path, &browser).await;
        assert_eq!(report.status(), StatusCode::PAYMENT_REQUIRED);
        assert!(text(report).await.contains("has lapsed"));
    }
    assert_eq!(site.get("/store", &browser).await.status(), StatusCode::OK);
    // Who cannot buy is told whom to ask.
    sqlx::query("UPDATE memberships SET role = 'reception'").execute(&pool).await.unwrap();
    let page = text(site.get("/desk", &browser).await).await;
    assert!(page.contains(words) && page.contains("tell an owner") && !page.contains("Renew it"));
    sqlx::query("UPDATE memberships SET role = 'owner'").execute(&pool).await.unwrap();

    // The job marks it, once.
    let now = site.clock.now();
    assert_eq!(lapse(&site.state.database, now).await.unwrap(), 1);
    assert_eq!(lapse(&site.state.database, now).await.unwrap(), 0);
    assert_eq!(house.standing().await, (false, Some(now)));
    site.state.services.billing.tick().await.unwrap();
    house.hear().await;
    assert_eq!(house.standing().await, (false, Some(now)));
    house.buy().await;
    client.expect(201, "POST", "/bookings/", Some(late)).await;
    client.expect(200, "POST", "/reports/bookings", None).await;
    assert!(!text(site.get("/desk", &browser).await).await.contains(words));
    assert_eq!(site.get("/desk/bookings/report", &browser).await.status(), StatusCode::OK);
}
