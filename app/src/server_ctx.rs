//! What server functions reach on the server: services, who is asking, and the answer's headers.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use billing::providers::Checkout;
use chrono::{DateTime, FixedOffset, NaiveDate};
use domain::access::{AccountPermit, Actor, AdminPermit, Membership, Permit, PlatformPermission, Right};
use domain::hotel::{NewHotel, RegistrationForm};
use domain::ids::{HotelId, OrganisationId, SessionId};
use domain::problem::{FieldProblem, ProblemCode};
use leptos::prelude::*;
use leptos::reactive::owner::with_context;
use leptos_axum::ResponseOptions;

use crate::error::{AppError, Conflict};

/// One handle for each context. Cheap to clone, since every page and action does so.
#[derive(Debug, Clone)]
pub struct Services(Arc<Contexts>);

impl Services {
    /// The services.
    pub fn new(contexts: Contexts) -> Self {
        Self(Arc::new(contexts))
    }
}

impl Deref for Services {
    type Target = Contexts;

    fn deref(&self) -> &Contexts {
        &self.0
    }
}

/// Changes these services alone: clones that were made before stay as they are.
impl DerefMut for Services {
    fn deref_mut(&mut self) -> &mut Contexts {
        Arc::make_mut(&mut self.0)
    }
}

/// What [`Services`] share.
#[derive(Debug, Clone)]
pub struct Contexts {
    /// People, sessions, roles.
    pub identity: identity::Identity,
    /// Rooms, guests, bookings.
    pub pms: pms::Pms,
    /// Plans, subscriptions, invoices.
    pub billing: billing::Billing,
    /// What can be switched on and off.
    pub plugins: plugin_host::Plugins,
    /// What is told to addresses that the admin names.
    pub webhooks: billing::webhooks::Webhooks,
    /// The time.
    pub clock: platform::clock::SharedClock,
    /// The database, for what two contexts do in one transaction.
    pub database: platform::database::Database,
    /// Whether cookies are marked `Secure`.
    pub is_https: bool,
    /// The address people type, without a slash at the end.
    pub base_url: Arc<str>,
    /// Whether people pay in a sandbox, where no real money moves.
    pub is_sandbox: bool,
}

impl Services {
    /// Registers a hotel with its rooms and owner: organisation, owner and hotel by identity, rooms by the property
    /// management system, all or nothing.
    pub async fn register(&self, form: &RegistrationForm) -> Result<HotelId, AppError> {
        self.register_with(form, None, None).await
    }

    /// [`Services::register`], keeping the drawing of the floors and the look of receipts.
    pub async fn register_with(
        &self,
        form: &RegistrationForm,
        layout: Option<serde_json::Value>,
        receipt_settings: Option<serde_json::Value>,
    ) -> Result<HotelId, AppError> {
        let registration = form.check().map_err(AppError::Invalid)?;
        if !platform::clock::is_time_zone(&registration.hotel.time_zone) {
            return Err(AppError::Invalid(vec![FieldProblem::new("time_zone", ProblemCode::NotOnOffer)]));
        }
        let (organisation_id, hotel_id, owner_id) =
            (platform::ids::new(), platform::ids::new(), platform::ids::new());
        let mut transaction =
            self.database.begin_in(organisation_id, owner_id).await.map_err(|error| database(&error))?;
        self.identity.register(&mut transaction, organisation_id, hotel_id, owner_id, &registration).await?;
        self.pms.add_rooms(&mut transaction, organisation_id, hotel_id, &registration.rooms).await?;
        self.pms.keep_drawing(&mut transaction, hotel_id, layout, receipt_settings).await?;
        transaction.commit().await.map_err(|error| database(&error))?;
        Ok(hotel_id)
    }
}

impl Services {
    /// Adds a hotel with its rooms to the owner's company, and makes them its owner.
    pub async fn add_hotel(
        &self,
        actor: &Actor,
        new: &NewHotel,
        layout: Option<serde_json::Value>,
    ) -> Result<HotelId, AppError> {
        let permit = actor.owner().map_err(|_| AppError::Forbidden)?;
        let hotel_id = platform::ids::new();
        let mut transaction = self.database.begin_as(actor).await.map_err(|error| database(&error))?;
        self.identity.add_hotel(&mut transaction, permit, hotel_id, new).await?;
        self.pms.add_rooms(&mut transaction, permit.organisation_id(), hotel_id, &new.rooms).await?;
        self.pms.keep_drawing(&mut transaction, hotel_id, layout, None).await?;
        transaction.commit().await.map_err(|error| database(&error))?;
        Ok(hotel_id)
    }

    /// The same by the platform's admin for a company, whose owners become the hotel's.
    pub async fn add_hotel_for(
        &self,
        permit: AdminPermit<'_>,
        organisation_id: OrganisationId,
        new: &NewHotel,
        layout: Option<serde_json::Value>,
    ) -> Result<HotelId, AppError> {
        let hotel_id = platform::ids::new();
        let by = permit.actor().user_id;
        let mut transaction =
            self.database.begin_in(organisation_id, by).await.map_err(|error| database(&error))?;
        self.identity.add_hotel_for(&mut transaction, permit, organisation_id, hotel_id, new).await?;
        self.pms.add_rooms(&mut transaction, organisation_id, hotel_id, &new.rooms).await?;
        self.pms.keep_drawing(&mut transaction, hotel_id, layout, None).await?;
        transaction.commit().await.map_err(|error| database(&error))?;
        Ok(hotel_id)
    }
}

impl Services {
    /// What somebody brings along who pays an invoice. They come back to `page`.
    pub async fn payer(&self, actor: &Actor, page: &str) -> Result<Checkout, identity::Error> {
        // Staff may have a user name alone, which is no address for a receipt.
        let email = Some(self.identity.own(actor).await?.email).filter(|email| email.contains('@'));
        let page = format!("{}{page}", self.base_url);
        Ok(Checkout {
            email,
            success_url: format!("{page}?session={{session}}"),
            cancel_url: format!("{page}?cancelled=1"),
        })
    }
}

/// Who is signed in; the session layer puts it into the request.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The person.
    pub actor: Arc<Actor>,
    /// The session.
    pub session_id: SessionId,
    /// The hotel in use.
    pub hotel_id: Option<HotelId>,
    /// The hotel's business date.
    pub today: NaiveDate,
}

impl SignedIn {
    /// Proves that the person may do `R` in the hotel in use.
    pub fn permit<R: Right>(&self) -> Result<Permit<'_, R>, AppError> {
        let hotel_id = self.hotel_id.ok_or(AppError::Forbidden)?;
        self.actor.permit(hotel_id).map_err(|_| AppError::Forbidden)
    }

    /// Proves that the person may use an account: that of the company they run, or their own.
    pub fn account(&self) -> Result<AccountPermit<'_>, AppError> {
        if self.actor.organisation_id.is_none() {
            return Ok(self.actor.own_account());
        }
        self.actor.company_account().map_err(|_| AppError::Forbidden)
    }

    /// Proves that the person may do that on the platform.
    pub fn platform(&self, wanted: PlatformPermission) -> Result<AdminPermit<'_>, AppError> {
        self.actor.platform_permit(wanted).map_err(|_| AppError::Forbidden)
    }

    /// Proves that the person runs the platform.
    pub fn admin(&self) -> Result<AdminPermit<'_>, AppError> {
        self.actor.admin().map_err(|_| AppError::Forbidden)
    }

    /// What the person is in the hotel in use.
    pub fn membership(&self) -> Option<&Membership> {
        self.actor.membership(self.hotel_id?)
    }

    /// An instant as the clock in the hotel shows it; outside a hotel UTC.
    pub fn local(&self, at: DateTime<FixedOffset>) -> DateTime<FixedOffset> {
        self.membership().map_or(at, |membership| platform::clock::local(&membership.time_zone, at))
    }
}

/// The services.
pub fn services() -> Result<Services, AppError> {
    use_context().ok_or(AppError::Internal)
}

/// Something the layers in front put into the request.
pub fn extension<T: Clone + Send + Sync + 'static>() -> Option<T> {
    // The whole request is not copied for it.
    with_context::<Parts, _>(|parts| parts.extensions.get().cloned()).flatten()
}

/// Who is signed in.
pub fn signed_in() -> Result<SignedIn, AppError> {
    extension().ok_or(AppError::SignInRequired)
}

/// Who asks, and by which services: what nearly every server function begins with.
pub fn context() -> Result<(Services, SignedIn), AppError> {
    Ok((services()?, signed_in()?))
}

/// The status that says the same as an error.
pub fn status_of(error: &AppError) -> StatusCode {
    match error {
        AppError::NotFound => StatusCode::NOT_FOUND,
        AppError::Forbidden | AppError::Inactive => StatusCode::FORBIDDEN,
        AppError::SignInRequired | AppError::WrongCredentials => StatusCode::UNAUTHORIZED,
        AppError::Invalid(_) | AppError::Said(_) => StatusCode::UNPROCESSABLE_ENTITY,
        AppError::Conflict(_) | AppError::RoomOccupied(_) => StatusCode::CONFLICT,
        AppError::TooManyAttempts { .. } => StatusCode::TOO_MANY_REQUESTS,
        AppError::SubscriptionLapsed => StatusCode::PAYMENT_REQUIRED,
        AppError::BadLink => StatusCode::BAD_REQUEST,
        AppError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        AppError::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Sets the status of a page, such as 404. Plain form posts keep their redirect.
pub fn status(status: StatusCode) {
    if let Some(options) = use_context::<ResponseOptions>() {
        options.set_status(status);
    }
}

/// Sets a cookie on the answer.
pub fn set_cookie(value: HeaderValue) {
    if let Some(options) = use_context::<ResponseOptions>() {
        options.append_header(header::SET_COOKIE, value);
    }
}

/// Whether the browser sent this cookie, `name=value`.
pub fn has_cookie(pair: &str) -> bool {
    let is_among = |parts: &Parts| {
        let sent = parts.headers.get_all(header::COOKIE).iter();
        sent.filter_map(|cookies| cookies.to_str().ok())
            .flat_map(|cookies| cookies.split(';'))
            .any(|one| one.trim() == pair)
    };
    with_context(is_among).unwrap_or_default()
}

/// Goes to a page of ours, with a notice that it shows once.
pub fn go_to(path: &str, notice: Option<Notice>) {
    if let Some(notice) = notice {
        let secure = if services().is_ok_and(|services| services.is_https) { "; Secure" } else { "" };
        let about = notice.about.map(|id| format!(".{id}")).unwrap_or_default();
        if let Ok(value) = HeaderValue::from_str(&format!(
            "notice={}{about}; Path=/; Max-Age=60; SameSite=Lax; HttpOnly{secure}",
            notice.code
        )) {
            set_cookie(value);
        }
    }
    // What a client sent along as a path may hold what no header can.
    let path = if HeaderValue::from_str(path).is_ok() { path } else { crate::routes::TODAY };
    leptos_axum::redirect(path);
}

/// Says once, on the next page, what was done.
#[derive(Debug, Clone)]
pub struct Notice {
    /// A key of the catalogue's notices.
    pub code: &'static str,
    /// The stay or colleague it is about, where it can be undone.
    pub about: Option<String>,
}

impl Notice {
    /// A notice without an undo.
    pub fn new(code: &'static str) -> Self {
        Self { code, about: None }
    }
}

/// The page a form was on, as a path of ours.
pub fn referring_path() -> Option<String> {
    let referer = with_context::<Parts, _>(|parts| parts.headers.get(header::REFERER).cloned()).flatten()?;
    let referer = referer.to_str().ok()?;
    let after_host =
        referer.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| rest[at..].to_owned()))?;
    crate::routes::asks_to_sign_in(&after_host).then_some(after_host)
}

impl From<pms::Error> for AppError {
    fn from(error: pms::Error) -> Self {
        use pms::Error as E;
        match error {
            E::Invalid(problems) => Self::Invalid(problems),
            E::NotFound => Self::NotFound,
            E::Forbidden(_) => Self::Forbidden,
            E::RoomTaken => Self::Conflict(Conflict::RoomTaken),
            E::RoomOccupied(occupant) => Self::RoomOccupied(occupant),
            E::SoldOut => Self::Conflict(Conflict::SoldOut),
            E::RoomOutOfOrder => Self::Conflict(Conflict::RoomOutOfOrder),
            E::Refused(refusal) => Self::Conflict(Conflict::Stay(refusal)),
            E::ChangedMeanwhile => Self::Conflict(Conflict::ChangedMeanwhile),
            E::InUse => Self::Conflict(Conflict::InUse),
            E::SubscriptionLapsed => Self::SubscriptionLapsed,
            E::Database(error) => database(&error),
            E::Inconsistent(what) => {
                tracing::error!(what, "row.inconsistent");
                Self::Internal
            }
        }
    }
}

impl From<plugin_host::Error> for AppError {
    fn from(error: plugin_host::Error) -> Self {
        use plugin_host::Error as E;
        match error {
            E::Unknown(_) => Self::NotFound,
            E::Refused(text) => Self::Said(text),
            E::Database(error) => database(&error),
        }
    }
}

impl From<billing::accounts::ProfileError> for AppError {
    fn from(error: billing::accounts::ProfileError) -> Self {
        match error {
            billing::accounts::ProfileError::Invalid(problems) => Self::Invalid(problems),
            billing::accounts::ProfileError::Other(error) => error.into(),
        }
    }
}

impl From<billing::Error> for AppError {
    fn from(error: billing::Error) -> Self {
        use billing::CartProblem as C;
        use billing::Error as E;
        match error {
            E::NoSubscription
            | E::NoAddonSubscription
            | E::NoPlan
            | E::NoInvoice
            | E::NotYourInvoice
            | E::NoSession
            | E::NoEvent
            | E::NoProvider
            | E::ProviderOff
            | E::NoCreditNote
            | E::NotACustomerYet
            | E::Missing(_)
            | E::NoCountry(_) => Self::NotFound,
            E::Refused(refusal) => Self::Conflict(Conflict::Subscription(refusal)),
            E::AlreadySubscribed | E::Cart(C::SingleCategory(_)) => {
                Self::Conflict(Conflict::AlreadySubscribed)
            }
            E::Cart(C::Empty) => Self::Conflict(Conflict::EmptyCart),
            E::Cart(C::AddonNeedsPlan(_)) => Self::Conflict(Conflict::AddonNeedsPlan),
            E::Cart(_) | E::UnknownCurrency(_) => Self::Conflict(Conflict::NotOnOffer),
            E::InvoiceState(_) | E::WrongAmount | E::AddonNotCancellable => {
                Self::Conflict(Conflict::InvoiceState)
            }
            E::Provider(problem) if problem.is_passing() => {
                tracing::warn!(%problem, "billing.provider_unavailable");
                Self::Unavailable
            }
            E::Provider(problem) => {
                tracing::warn!(%problem, "billing.provider_refused");
                Self::Conflict(Conflict::PaymentRefused)
            }
            E::ChangedMeanwhile => Self::Conflict(Conflict::ChangedMeanwhile),
            E::Invalid(text) | E::Conflict(text) => Self::Said(text),
            problem @ E::TokensSpent { .. } => Self::Said(problem.to_string()),
            E::Database(error) => database(&error),
            other => {
                tracing::error!(error = %other, "billing.failed");
                Self::Internal
            }
        }
    }
}

impl From<identity::Error> for AppError {
    fn from(error: identity::Error) -> Self {
        use identity::Error as E;
        match error {
            E::Invalid(problems) => Self::Invalid(problems),
            E::WrongCredentials | E::UnknownCompany => Self::WrongCredentials,
            E::Inactive => Self::Inactive,
            E::TooManyAttempts { retry_after_seconds } => Self::TooManyAttempts { retry_after_seconds },
            E::BadToken | E::UsedToken | E::ExpiredToken => Self::BadLink,
            E::NotFound => Self::NotFound,
            E::ChangedMeanwhile => Self::Conflict(Conflict::ChangedMeanwhile),
            // What nobody may do with themselves, or with the staff of others.
            E::Forbidden | E::Conflict(_) => Self::Forbidden,
            E::Database(error) => database(&error),
            E::Internal(what) => {
                tracing::error!(%what, "identity.internal_error");
                Self::Internal
            }
        }
    }
}

impl From<platform::database::Error> for AppError {
    fn from(error: platform::database::Error) -> Self {
        database(&error)
    }
}

fn database(error: &platform::database::Error) -> AppError {
    if platform::database::is_unavailable(error) {
        return AppError::Unavailable;
    }
    tracing::error!(%error, "database.error");
    AppError::Internal
}
