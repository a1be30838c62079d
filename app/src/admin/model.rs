//! What lists and pages of the admin hold.

use std::collections::BTreeMap;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::access::Resource;
use domain::billing::{InvoiceStatus, SubscriptionStatus};
use domain::money::Money;
use serde::{Deserialize, Serialize};

use crate::routes;
use crate::texts::texts;

macro_rules! subjects {
    ($($variant:ident => $slug:literal, $many:ident, $one:ident, $icon:literal;)+) => {
        /// What a list is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Subject {
            $(#[doc = $slug] $variant),+
        }

        impl Subject {
            /// Every subject, in the order of the menu.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name in addresses.
            pub fn slug(self) -> &'static str {
                match self { $(Self::$variant => $slug),+ }
            }

            /// What several are called.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => texts().admin.$many),+ }
            }

            /// What one is called.
            pub fn one(self) -> &'static str {
                match self { $(Self::$variant => texts().admin.$one),+ }
            }

            /// Its symbol.
            pub fn icon(self) -> &'static str {
                match self { $(Self::$variant => $icon),+ }
            }
        }
    };
}

subjects! {
    Users => "users", users, user, "users";
    Roles => "roles", roles, role, "shield-check";
    Companies => "companies", companies, company, "building-2";
    Subscriptions => "subscriptions", subscriptions, subscription, "repeat";
    Invoices => "invoices", invoices, invoice, "receipt-text";
    Tokens => "tokens", token_ledger, token_entry, "coins";
    Plans => "plans", plans, plan, "package";
    Categories => "categories", categories, category, "layers";
    Addons => "addons", addons, addon, "puzzle";
    Bundles => "token-bundles", bundles, bundle, "package";
    PaymentMethods => "payment-methods", payment_methods, payment_method, "wallet";
    Countries => "countries", countries, country, "globe";
    Taxes => "taxes", taxes, tax, "percent";
    Currencies => "currencies", currencies, currency, "banknote";
    ProviderEvents => "provider-events", provider_events, message, "inbox";
    Webhooks => "webhooks", webhooks, webhook, "webhook";
    Deliveries => "deliveries", deliveries, delivery, "send";
    ClientEvents => "client-events", client_events, client_event, "activity";
    Jobs => "jobs", jobs, job, "wrench";
    Plugins => "plugins", plugins, plugin, "plug";
    Settings => "settings", settings, seller, "settings";
}

impl FromStr for Subject {
    type Err = ();

    fn from_str(slug: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|subject| subject.slug() == slug).ok_or(())
    }
}

impl Subject {
    /// What of the platform it is: a role permits to look at that, or to change it.
    pub fn resource(self) -> Resource {
        match self {
            Self::Users | Self::Tokens | Self::ClientEvents => Resource::Users,
            Self::Roles => Resource::Roles,
            Self::Companies => Resource::Companies,
            Self::Subscriptions => Resource::Subscriptions,
            Self::Invoices => Resource::Invoices,
            Self::Plans | Self::Categories | Self::Addons | Self::Bundles => Resource::Catalogue,
            Self::PaymentMethods => Resource::PaymentMethods,
            Self::Countries | Self::Taxes | Self::Currencies | Self::Plugins | Self::Settings => {
                Resource::Settings
            }
            Self::ProviderEvents | Self::Webhooks | Self::Deliveries => Resource::Webhooks,
            Self::Jobs => Resource::Jobs,
        }
    }

    /// The states that its list can be narrowed to: value and name.
    pub fn states(self) -> Vec<(&'static str, &'static str)> {
        let (t, words) = (&texts().admin, &texts().billing_words);
        match self {
            Self::Users => {
                vec![("ACTIVE", t.active), ("SUSPENDED", t.suspended), ("DELETED", t.deleted)]
            }
            Self::Subscriptions => vec![
                ("pending", words.pending),
                ("trialing", words.trialing),
                ("active", words.active),
                ("paused", words.paused),
                ("cancelled", words.cancelled),
                ("expired", words.expired),
            ],
            Self::Invoices => vec![
                ("pending", words.invoice_pending),
                ("paid", words.invoice_paid),
                ("failed", words.invoice_failed),
                ("cancelled", words.invoice_cancelled),
                ("refunded", words.invoice_refunded),
                ("overdue", words.invoice_overdue),
                ("disputed", t.disputed),
                ("partly_refunded", t.partly_refunded),
            ],
            Self::Tokens => vec![
                ("purchase", t.token_purchase),
                ("usage", t.token_usage),
                ("refund", t.token_refund),
                ("bonus", t.token_bonus),
                ("adjustment", t.token_adjustment),
                ("subscription", t.token_subscription),
            ],
            Self::ProviderEvents => {
                vec![
                    ("received", t.received),
                    ("handled", t.handled),
                    ("ignored", t.ignored),
                    ("failed", t.failed),
                ]
            }
            Self::Jobs => vec![
                ("dead", t.job_dead),
                ("waiting", t.pending),
                ("running", t.job_running),
                ("done", t.job_done),
                ("cron", t.job_cron),
                ("events", t.job_events),
            ],
            Self::Plans
            | Self::Addons
            | Self::Bundles
            | Self::PaymentMethods
            | Self::Currencies
            | Self::Webhooks => vec![("active", t.active), ("not_active", t.not_active)],
            Self::Taxes => vec![("in_force", t.in_force), ("to_come", t.to_come), ("past", t.past)],
            Self::Countries | Self::Plugins => vec![("enabled", t.enabled), ("disabled", t.disabled)],
            Self::Companies => vec![
                ("active", t.package_active),
                ("expiring_3_months", t.package_three_months),
                ("expiring_1_month", t.package_one_month),
                ("expired", t.package_expired),
            ],
            Self::Deliveries => {
                vec![("pending", t.pending), ("succeeded", t.succeeded), ("failed", t.failed)]
            }
            _ => Vec::new(),
        }
    }

    /// What its list can be searched by, where it can.
    pub fn search_help(self) -> Option<&'static str> {
        let t = &texts().admin;
        match self {
            Self::Users => Some(t.search_users),
            Self::Subscriptions => Some(t.search_subscriptions),
            Self::Invoices => Some(t.search_invoices),
            Self::Tokens => Some(t.search_tokens),
            Self::Companies => Some(t.search_companies),
            Self::Deliveries | Self::ClientEvents => Some(t.search_kinds),
            Self::ProviderEvents => Some(t.search_messages),
            Self::Jobs => Some(t.search_jobs),
            Self::Settings => None,
            _ if self.is_short() => Some(t.search_short),
            _ => None,
        }
    }

    /// Whether its list is read whole: nobody has more of these than fit on a few pages.
    pub fn is_short(self) -> bool {
        matches!(
            self,
            Self::Roles
                | Self::Plans
                | Self::Categories
                | Self::Addons
                | Self::Bundles
                | Self::PaymentMethods
                | Self::Countries
                | Self::Taxes
                | Self::Currencies
                | Self::Webhooks
                | Self::Plugins
        )
    }

    /// Whether the admin makes new ones here.
    pub fn is_made_here(self) -> bool {
        matches!(
            self,
            Self::Users
                | Self::Roles
                | Self::Subscriptions
                | Self::Plans
                | Self::Categories
                | Self::Addons
                | Self::Bundles
                | Self::PaymentMethods
                | Self::Taxes
                | Self::Currencies
                | Self::Webhooks
        )
    }
}

/// One cell of a table, one fact of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cell {
    /// Nothing.
    None,
    /// A text.
    Text(String),
    /// A text that leads somewhere.
    Link(String, String),
    /// A number.
    Number(i64),
    /// An amount.
    Money(Money),
    /// An instant, of which the day matters.
    Day(DateTime<Utc>),
    /// An instant.
    Instant(DateTime<Utc>),
    /// The state of a subscription.
    Subscription(SubscriptionStatus),
    /// The state of an invoice.
    Invoice(InvoiceStatus),
    /// As it should be.
    Good(String),
    /// Not in use.
    Quiet(String),
    /// Somebody should look at it.
    Alarm(String),
}

impl Cell {
    /// A text, or nothing.
    pub fn text(text: impl Into<Option<String>>) -> Self {
        text.into().filter(|text| !text.is_empty()).map_or(Self::None, Self::Text)
    }

    /// A day, or nothing.
    pub fn day(at: Option<DateTime<Utc>>) -> Self {
        at.map_or(Self::None, Self::Day)
    }

    /// `Active` or `Not active`.
    pub fn active(is_active: bool) -> Self {
        let t = &texts().admin;
        if is_active { Self::Good(t.active.to_owned()) } else { Self::Quiet(t.not_active.to_owned()) }
    }

    /// As a file has it: instants as in ISO 8601, amounts with their currency.
    pub fn plain(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Text(text)
            | Self::Link(text, _)
            | Self::Good(text)
            | Self::Quiet(text)
            | Self::Alarm(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Money(money) => format!("{} {}", money.to_decimal_text(), money.currency),
            Self::Day(at) | Self::Instant(at) => at.to_rfc3339(),
            Self::Subscription(status) => status.as_str().to_owned(),
            Self::Invoice(status) => status.as_str().to_owned(),
        }
    }
}

/// A part of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// The names of its columns.
    pub columns: Vec<String>,
    /// Its rows: as many cells each as there are columns. The first leads to the thing's page, if it has one.
    pub rows: Vec<Vec<Cell>>,
    /// What those that follow begin after.
    pub next: Option<String>,
}

impl Table {
    /// The part of a list that was read whole: the rows in which the text is found and that are in the state, one of
    /// `states`, a page of them.
    #[must_use]
    pub fn part(mut self, wanted: &Wanted, states: &[(&str, &str)]) -> Self {
        let text = wanted.search.trim().to_lowercase();
        let state = states.iter().find(|(value, _)| *value == wanted.state).map(|(_, name)| *name);
        self.rows.retain(|row| {
            let has_text = text.is_empty() || row.iter().any(|cell| cell.plain().to_lowercase().contains(&text));
            let is_in_state = state.is_none_or(|name| {
                row.iter().any(|cell| matches!(cell, Cell::Good(text) | Cell::Quiet(text) | Cell::Text(text) if text == name))
            });
            has_text && is_in_state
        });
        let (before, most) = (wanted.after.parse().unwrap_or(0_usize), wanted.most());
        let total = self.rows.len();
        self.rows = self.rows.into_iter().skip(before).take(most).collect();
        self.next = (before.saturating_add(most) < total).then(|| (before + most).to_string());
        self
    }

    /// A table without rows.
    pub fn of(columns: &[&str]) -> Self {
        Self { columns: columns.iter().map(|&name| name.to_owned()).collect(), ..Self::default() }
    }
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// A part of what people search by.
    pub search: String,
    /// One of [`Subject::states`], or nothing.
    pub state: String,
    /// Only those of this account.
    pub account: String,
    /// Only those that follow this.
    pub after: String,
    /// How many at most: [`PAGE`] if 0, and never more than [`MOST`].
    #[serde(default)]
    pub rows: usize,
}

impl Wanted {
    /// How many rows at most.
    pub fn most(&self) -> usize {
        if self.rows == 0 { PAGE } else { self.rows.min(MOST) }
    }
}

/// How many rows a page holds.
pub const PAGE: usize = 50;

/// The most rows that are read at once, for files.
pub const MOST: usize = 1000;

/// One thing with everything around it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What it is called.
    pub title: String,
    /// How it stands.
    pub state: Vec<Cell>,
    /// What is known about it.
    pub facts: Vec<(String, Cell)>,
    /// What belongs to it.
    pub tables: Vec<(String, Table)>,
    /// What can be done with it.
    pub actions: Vec<Action>,
    /// Files and other places: name and address.
    pub links: Vec<(String, String)>,
    /// Its form, by field; empty where it has no form.
    pub values: BTreeMap<String, String>,
    /// What its fields can be chosen from: value and name.
    pub options: BTreeMap<String, Vec<(String, String)>>,
    /// The version that the form was made of.
    pub version: i32,
    /// Something long, such as a message as it came: its heading, and it.
    pub long_text: Option<(String, String)>,
}

/// Something that can be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    /// Its name for machines.
    pub name: String,
    /// Its name for people.
    pub text: String,
    /// Whether it cannot be taken back.
    pub is_final: bool,
    /// What has to be said with it: its name for people, and what it begins with.
    pub field: Option<(String, String)>,
}

impl Action {
    /// Something that can be taken back.
    pub fn new(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), text: text.to_owned(), is_final: false, field: None }
    }

    /// Something that cannot.
    pub fn last(name: &str, text: &str) -> Self {
        Self { is_final: true, ..Self::new(name, text) }
    }

    /// The same with something to say.
    #[must_use]
    pub fn with(mut self, label: &str, value: &str) -> Self {
        self.field = Some((label.to_owned(), value.to_owned()));
        self
    }
}

/// A link to a thing's page.
pub fn link(text: impl Into<String>, subject: Subject, id: impl ToString) -> Cell {
    Cell::Link(text.into(), routes::admin_item(subject, &id.to_string()))
}
