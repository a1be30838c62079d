//! The forms of the admin: which fields each subject has.

use super::model::Subject;
use crate::texts::AdminTexts;

/// What is typed into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A line.
    Text,
    /// Several lines.
    Area,
    /// A number or an amount.
    Number,
    /// A day.
    Date,
    /// A password.
    Password,
    /// Something that the form sends back as it was.
    Hidden,
    /// One of several.
    Select,
    /// Yes or no.
    Check,
    /// Any of several; each is a field of its own, `name-value`.
    Choices,
}

/// A text of the catalogue.
type Label = fn(&AdminTexts) -> &'static str;

/// A field.
#[derive(Debug)]
pub struct FieldSpec {
    /// Its name.
    pub name: &'static str,
    /// What it is called.
    pub label: Label,
    /// What goes into it.
    pub kind: Kind,
    /// What helps to fill it in.
    pub help: Option<Label>,
    /// Whether it is given once, when the thing is made.
    pub only_new: bool,
    /// Whether it is given afterwards alone.
    pub only_old: bool,
    /// Whether only those have it whose values name it.
    pub only_some: bool,
}

const fn field(name: &'static str, kind: Kind, label: Label) -> FieldSpec {
    FieldSpec { name, label, kind, help: None, only_new: false, only_old: false, only_some: false }
}

impl FieldSpec {
    const fn help(self, help: Label) -> Self {
        Self { help: Some(help), ..self }
    }

    const fn only_new(self) -> Self {
        Self { only_new: true, ..self }
    }

    const fn only_old(self) -> Self {
        Self { only_old: true, ..self }
    }

    const fn only_some(self) -> Self {
        Self { only_some: true, ..self }
    }
}

const NAME: FieldSpec = field("name", Kind::Text, |t| t.name);
const SLUG: FieldSpec = field("slug", Kind::Text, |t| t.slug).help(|t| t.slug_help);
const DESCRIPTION: FieldSpec = field("description", Kind::Area, |t| t.description);
const PRICE: FieldSpec = field("price", Kind::Number, |t| t.price).help(|t| t.price_help);
const CURRENCY: FieldSpec = field("currency", Kind::Select, |t| t.currency);
const PERIOD: FieldSpec = field("billing_period", Kind::Select, |t| t.period);
const ORDER: FieldSpec = field("sort_order", Kind::Number, |t| t.sort_order).help(|t| t.sort_order_help);
const ACTIVE: FieldSpec = field("is_active", Kind::Check, |t| t.is_active);

static USERS: &[FieldSpec] = &[
    field("email", Kind::Text, |t| t.email),
    field("name", Kind::Text, |t| t.full_name),
    field("password", Kind::Password, |t| t.password).help(|t| t.password_help),
    field("token_balance", Kind::Number, |t| t.token_balance).help(|t| t.token_balance_help).only_old(),
    field("role", Kind::Select, |t| t.role).help(|t| t.role_help),
    // Of those who have an account of their own.
    field("address_as_of", Kind::Hidden, |t| t.address).only_some(),
    field("company", Kind::Text, |t| t.company).only_some(),
    field("address_line_1", Kind::Text, |t| t.street).only_some(),
    field("address_line_2", Kind::Text, |t| t.address_more).only_some(),
    field("postal_code", Kind::Text, |t| t.postal_code).only_some(),
    field("city", Kind::Text, |t| t.city).only_some(),
    field("region", Kind::Text, |t| t.region).only_some(),
    field("country", Kind::Select, |t| t.country).only_some(),
    field("phone", Kind::Text, |t| t.phone).only_some(),
    field("tax_number", Kind::Text, |t| t.tax_number).only_some(),
];

static ROLES: &[FieldSpec] = &[
    NAME,
    field("slug", Kind::Text, |t| t.slug).help(|t| t.slug_help).only_new(),
    DESCRIPTION,
    field("permissions", Kind::Choices, |t| t.permissions).help(|t| t.permissions_help),
];

static SUBSCRIPTIONS: &[FieldSpec] = &[
    field("email", Kind::Text, |t| t.customer_email).only_new(),
    field("plan_id", Kind::Select, |t| t.plan).only_new(),
    field("months", Kind::Number, |t| t.months).help(|t| t.months_help).only_new(),
    field("is_trial", Kind::Check, |t| t.is_trial).only_new(),
];

static PLANS: &[FieldSpec] = &[
    NAME,
    SLUG,
    DESCRIPTION,
    PRICE,
    CURRENCY,
    field("prices", Kind::Area, |t| t.other_prices).help(|t| t.other_prices_help),
    PERIOD,
    field("trial_days", Kind::Number, |t| t.trial_days),
    field("module", Kind::Select, |t| t.module).help(|t| t.module_help).only_new(),
    field("features", Kind::Area, |t| t.features),
    field("categories", Kind::Choices, |t| t.categories).help(|t| t.categories_help).only_old(),
    ORDER,
    ACTIVE,
];

static CATEGORIES: &[FieldSpec] = &[
    NAME,
    SLUG,
    DESCRIPTION,
    field("parent_id", Kind::Select, |t| t.parent),
    field("is_single", Kind::Check, |t| t.is_single),
    ORDER,
];

static ADDONS: &[FieldSpec] = &[
    NAME,
    SLUG,
    DESCRIPTION,
    PRICE,
    CURRENCY,
    PERIOD,
    field("plans", Kind::Choices, |t| t.only_with_plans).help(|t| t.only_with_plans_help),
    ORDER,
    ACTIVE,
];

static BUNDLES: &[FieldSpec] = &[
    NAME,
    DESCRIPTION,
    field("token_amount", Kind::Number, |t| t.token_amount),
    PRICE,
    CURRENCY,
    ORDER,
    ACTIVE,
];

static PAYMENT_METHODS: &[FieldSpec] = &[
    field("code", Kind::Text, |t| t.code).help(|t| t.code_help).only_new(),
    NAME,
    DESCRIPTION,
    field("instructions", Kind::Area, |t| t.instructions),
    field("min_amount", Kind::Number, |t| t.min_amount),
    field("max_amount", Kind::Number, |t| t.max_amount),
    field("currencies", Kind::Text, |t| t.only_currencies).help(|t| t.empty_is_all),
    field("countries", Kind::Text, |t| t.only_countries).help(|t| t.empty_is_all),
    field("fee_type", Kind::Select, |t| t.fee),
    field("fee_amount", Kind::Number, |t| t.fee_amount),
    field("fee_charged_to", Kind::Select, |t| t.fee_charged_to),
    field("translation_locale", Kind::Text, |t| t.translation_locale).help(|t| t.translation_help).only_old(),
    field("translation_name", Kind::Text, |t| t.translation_name).only_old(),
    field("translation_description", Kind::Area, |t| t.translation_description).only_old(),
    field("translation_instructions", Kind::Area, |t| t.translation_instructions).only_old(),
    ACTIVE,
];

static TAXES: &[FieldSpec] = &[
    field("country", Kind::Select, |t| t.country).only_new(),
    field("region", Kind::Text, |t| t.region).help(|t| t.region_help).only_new(),
    NAME,
    field("rate", Kind::Number, |t| t.tax_rate),
    field("valid_from", Kind::Date, |t| t.valid_from),
];

static CURRENCIES: &[FieldSpec] = &[
    field("code", Kind::Text, |t| t.currency_code).only_new(),
    NAME,
    field("rate", Kind::Number, |t| t.exchange_rate).help(|t| t.exchange_rate_help),
    ACTIVE,
];

static COMPANIES: &[FieldSpec] = &[
    field("company_name", Kind::Text, |t| t.name),
    field("contact_email", Kind::Text, |t| t.contact_email),
    field("contact_phone", Kind::Text, |t| t.phone),
    field("website", Kind::Text, |t| t.website),
    field("address", Kind::Text, |t| t.address),
    field("tax_office", Kind::Text, |t| t.tax_office),
    field("tax_number", Kind::Text, |t| t.tax_number),
    field("logo_url", Kind::Text, |t| t.logo_url),
    field("package_start_date", Kind::Date, |t| t.package_from),
    field("package_end_date", Kind::Date, |t| t.package_until),
    field("modules", Kind::Choices, |t| t.modules).help(|t| t.modules_help),
    field("owner_name", Kind::Text, |t| t.owner_name),
    field("owner_username", Kind::Text, |t| t.owner_username),
    field("owner_password", Kind::Password, |t| t.owner_password).help(|t| t.password_help),
];

static WEBHOOKS: &[FieldSpec] = &[
    field("url", Kind::Text, |t| t.webhook_url).help(|t| t.webhook_url_help),
    DESCRIPTION,
    field("events", Kind::Area, |t| t.webhook_events).help(|t| t.webhook_events_help),
    field("secret", Kind::Text, |t| t.webhook_secret).help(|t| t.webhook_secret_help).only_new(),
    field("is_active", Kind::Check, |t| t.webhook_active),
];

/// What can be set of any plug-in; the form of one has those that are its own.
static PLUGINS: &[FieldSpec] = &[
    field("active_minutes", Kind::Number, |t| t.plugin_active_minutes)
        .help(|t| t.plugin_active_minutes_help)
        .only_some(),
    field("greeting", Kind::Text, |t| t.plugin_greeting).only_some(),
    field("chat_mode", Kind::Select, |t| t.plugin_chat_mode).help(|t| t.plugin_chat_mode_help).only_some(),
    field("chat_system_prompt", Kind::Text, |t| t.plugin_chat_system_prompt)
        .help(|t| t.plugin_chat_system_prompt_help)
        .only_some(),
    field("chat_longest_answer", Kind::Number, |t| t.plugin_chat_longest_answer)
        .help(|t| t.plugin_chat_longest_answer_help)
        .only_some(),
];

/// Whether a setting of a plug-in can be set on its page.
pub fn has_plugin_field(key: &str) -> bool {
    PLUGINS.iter().any(|spec| spec.name == key)
}

static SETTINGS: &[FieldSpec] = &[
    field("provider_name", Kind::Text, |t| t.seller_name),
    field("address_street", Kind::Text, |t| t.street),
    field("address_postal_code", Kind::Text, |t| t.postal_code),
    field("address_city", Kind::Text, |t| t.city),
    field("address_country", Kind::Text, |t| t.country),
    field("tax_number", Kind::Text, |t| t.tax_number),
    field("contact_email", Kind::Text, |t| t.contact_email),
    field("website_url", Kind::Text, |t| t.website),
    field("other_links", Kind::Text, |t| t.other_links),
    field("bank_name", Kind::Text, |t| t.bank_name),
    field("bank_iban", Kind::Text, |t| t.bank_iban),
    field("bank_bic", Kind::Text, |t| t.bank_bic),
    field("terms_title", Kind::Text, |t| t.terms_title),
    field("terms_content", Kind::Area, |t| t.terms_content),
];

/// The fields of a subject's form, in order.
pub fn fields(subject: Subject) -> &'static [FieldSpec] {
    match subject {
        Subject::Users => USERS,
        Subject::Roles => ROLES,
        Subject::Subscriptions => SUBSCRIPTIONS,
        Subject::Plans => PLANS,
        Subject::Categories => CATEGORIES,
        Subject::Addons => ADDONS,
        Subject::Bundles => BUNDLES,
        Subject::PaymentMethods => PAYMENT_METHODS,
        Subject::Taxes => TAXES,
        Subject::Currencies => CURRENCIES,
        Subject::Settings => SETTINGS,
        Subject::Companies => COMPANIES,
        Subject::Webhooks => WEBHOOKS,
        Subject::Plugins => PLUGINS,
        Subject::Invoices
        | Subject::Countries
        | Subject::ProviderEvents
        | Subject::Deliveries
        | Subject::ClientEvents
        | Subject::Tokens
        | Subject::Jobs => &[],
    }
}
