use domain::billing::SubscriptionRefusal;
use domain::billing::subscription::ImpossibleState;
use domain::money::MoneyError;
use domain::problem::UnknownValue;
use platform::database::violated_constraint;
use plugin_api::payment::{ProviderError, WebhookError};
use uuid::Uuid;

/// Why a use case did not happen. Nothing was changed. The texts are those that clients of the original know.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The cart cannot be bought.
    #[error(transparent)]
    Cart(#[from] CartProblem),
    /// One subscription of a category is all that an account can have.
    #[error("User already has an active subscription")]
    AlreadySubscribed,
    /// The state of the subscription does not allow it.
    #[error(transparent)]
    Refused(#[from] SubscriptionRefusal),
    /// There is no such subscription in this account.
    #[error("Subscription not found")]
    NoSubscription,
    /// There is no such add-on subscription in this account.
    #[error("Add-on subscription not found")]
    NoAddonSubscription,
    /// What was cancelled or is over cannot be cancelled.
    #[error("Add-on subscription cannot be cancelled")]
    AddonNotCancellable,
    /// There is no such plan, or it is not on offer.
    #[error("Plan not found")]
    NoPlan,
    /// There is no such invoice.
    #[error("Invoice not found")]
    NoInvoice,
    /// There is no such credit note of the invoice.
    #[error("Credit note not found")]
    NoCreditNote,
    /// The invoice belongs to another account.
    #[error("Access denied")]
    NotYourInvoice,
    /// The state of the invoice does not allow it.
    #[error("{0}")]
    InvoiceState(String),
    /// The money that came is not what the invoice asks for.
    #[error("Amount does not match the invoice")]
    WrongAmount,
    /// Fewer tokens are left than would have to go back.
    #[error(
        "Insufficient token balance for refund. User has {has} tokens but {needs} need to be deducted. User must purchase more tokens first."
    )]
    TokensSpent {
        /// What is left.
        has: i64,
        /// What would have to go.
        needs: i64,
    },
    /// A debit of more than there is.
    #[error("Insufficient token balance")]
    InsufficientTokens,
    /// Amounts of tokens are positive.
    #[error("{0} amount must be positive")]
    NotPositive(&'static str),
    /// There is no payment provider of this name.
    #[error("Payment provider not found")]
    NoProvider,
    /// The provider is switched off: it begins nothing new.
    #[error("Plugin not enabled")]
    ProviderOff,
    /// The account has no such page to pay on.
    #[error("Session not found")]
    NoSession,
    /// The account never paid through a provider.
    #[error("There is no payment yet whose card could be changed")]
    NotACustomerYet,
    /// Nothing that the account has gives this feature.
    #[error("Feature not available")]
    NoFeature,
    /// Front ends of one user tell too much at a time.
    #[error("Too many requests. Try again later.")]
    TooManyRequests {
        /// After how many seconds the next request is taken.
        retry_after_seconds: i64,
    },
    /// No such message came in.
    #[error("Event not found")]
    NoEvent,
    /// An invoice or subscription was paid before, by another payment: somebody has to give one of them back.
    #[error("Paid twice: {0}")]
    PaidTwice(String),
    /// A payment provider refused or could not be reached.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// A payment provider did not give the money back; nothing was refunded.
    #[error("Provider refund failed: {0}")]
    RefundFailed(#[source] ProviderError),
    /// A message is not a provider's, cannot be read, or cannot be checked now.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    /// The currency is not one that prices are converted to.
    #[error("Unknown currency: {0}")]
    UnknownCurrency(String),
    /// There is no such thing.
    #[error("{0} not found")]
    Missing(&'static str),
    /// There is no such country.
    #[error("Country '{0}' not found")]
    NoCountry(String),
    /// What the admin gave cannot be accepted; the text names the field, in the words that clients know.
    #[error("{0}")]
    Invalid(String),
    /// What is there does not allow it.
    #[error("{0}")]
    Conflict(String),
    /// Somebody else changed it since it was read.
    #[error("It was changed in the meantime")]
    ChangedMeanwhile,
    /// A sum does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// A row that must not exist.
    #[error("inconsistent row: {0}")]
    Inconsistent(String),
    /// The database refused or could not be reached.
    #[error("database error")]
    Database(#[source] sqlx::Error),
}

/// Why a cart cannot be bought (spec 5.4).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CartProblem {
    /// Nothing in it.
    #[error("At least one item required (plan_id, token_bundle_ids, or add_on_ids)")]
    Empty,
    /// More than one could want.
    #[error("Too many items")]
    TooMany,
    /// There is no such plan.
    #[error("Plan not found")]
    NoPlan,
    /// The plan is no longer sold.
    #[error("Plan is not active")]
    PlanNotActive,
    /// There is no such bundle.
    #[error("Token bundle {0} not found")]
    NoBundle(Uuid),
    /// The bundle is no longer sold.
    #[error("Token bundle {0} is not active")]
    BundleNotActive(String),
    /// There is no such add-on.
    #[error("Add-on {0} not found")]
    NoAddon(Uuid),
    /// The add-on is no longer sold.
    #[error("Add-on {0} is not active")]
    AddonNotActive(String),
    /// The add-on goes with plans of which the account has none.
    #[error("Add-on {0} is not available for your plan")]
    AddonNeedsPlan(String),
    /// One subscription of this category is all that an account can have.
    #[error(
        "User already has an active subscription in category '{0}'. Please upgrade or downgrade instead."
    )]
    SingleCategory(String),
    /// Prices cannot be had in it.
    #[error("Unknown currency: {0}")]
    UnknownCurrency(String),
    /// There is no such way to pay.
    #[error("Payment method {0} not found")]
    NoPaymentMethod(String),
    /// The amount, currency or country is not one that the way to pay is for.
    #[error("Payment method {0} is not available for this order")]
    PaymentMethodNotAvailable(String),
    /// Nothing is sold there.
    #[error("Country '{0}' not found")]
    NoCountry(String),
}

impl CartProblem {
    /// A name for machines, which says nothing of what was typed.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooMany => "too_many_items",
            Self::NoPlan => "plan_not_found",
            Self::PlanNotActive => "plan_not_active",
            Self::NoBundle(_) => "token_bundle_not_found",
            Self::BundleNotActive(_) => "token_bundle_not_active",
            Self::NoAddon(_) => "add_on_not_found",
            Self::AddonNotActive(_) => "add_on_not_active",
            Self::AddonNeedsPlan(_) => "add_on_needs_plan",
            Self::SingleCategory(_) => "already_subscribed",
            Self::UnknownCurrency(_) => "unknown_currency",
            Self::NoPaymentMethod(_) => "payment_method_not_found",
            Self::PaymentMethodNotAvailable(_) => "payment_method_not_available",
            Self::NoCountry(_) => "country_not_found",
        }
    }
}

impl Error {
    /// Whether trying again can help.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Database(_) => true,
            Self::Provider(problem) => problem.is_passing(),
            Self::Webhook(problem) => *problem == WebhookError::Unchecked,
            _ => false,
        }
    }

    /// The refusal of a statement as `refusal`, if `constraint` refused it.
    pub(crate) fn refused_by(error: sqlx::Error, constraint: &str, refusal: impl FnOnce() -> Self) -> Self {
        if violated_constraint(&error) == Some(constraint) { refusal() } else { error.into() }
    }

    /// The refusal of a deletion as `refusal`, if something still refers to the row.
    pub(crate) fn in_use(error: sqlx::Error, refusal: &'static str) -> Self {
        let is_referred_to =
            error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_foreign_key_violation);
        if is_referred_to { Self::Invalid(refusal.to_owned()) } else { error.into() }
    }
}

impl From<sqlx::Error> for Error {
    /// Named constraints say which rule refused; the rest stays a database error.
    fn from(error: sqlx::Error) -> Self {
        match violated_constraint(&error) {
            Some("token_balances_not_negative") => Self::InsufficientTokens,
            Some("single_subscriptions_one") => Self::AlreadySubscribed,
            _ => Self::Database(error),
        }
    }
}

impl From<UnknownValue> for Error {
    fn from(error: UnknownValue) -> Self {
        Self::Inconsistent(error.to_string())
    }
}

impl From<ImpossibleState> for Error {
    fn from(error: ImpossibleState) -> Self {
        Self::Inconsistent(error.to_string())
    }
}
