//! Texts for codes: states, actions, problems, errors, what was done.

use chrono::NaiveDate;
use domain::access::Role;
use domain::billing::SubscriptionRefusal;
use domain::problem::ProblemCode;
use domain::room::RoomChoice;
use domain::stay::{StayAction, StayRefusal, StayStatus};

use super::{catalogue, fill, texts};
use crate::error::{AppError, Conflict};
use crate::shared::show;

catalogue! {
    /// States, actions, roles.
    Words {
        reserved: "Reserved",
        due_in: "Due in",
        due_out: "Due out",
        checked_in: "In house",
        checked_out: "Departed",
        cancelled: "Cancelled",
        no_show: "No-show",
        check_in: "Check in",
        check_out: "Check out",
        cancel: "Cancel the booking",
        record_no_show: "Record a no-show",
        rating_1: "1 · Bad",
        rating_2: "2 · Poor",
        rating_3: "3 · Fair",
        rating_4: "4 · Good",
        rating_5: "5 · Excellent",
        undo_check_in: "Undo the check-in",
        undo_check_out: "Undo the check-out",
        reinstate: "Bring it back",
        change: "Change",
        owner: "Owner",
        manager: "Manager",
        reception: "Reception",
        housekeeping: "Housekeeping",
    }
}

catalogue! {
    /// What is wrong with a field.
    ProblemTexts {
        required: "Please fill this in.",
        too_long: "Please use at most {max} characters.",
        too_short: "Please use at least {min} characters.",
        out_of_range: "Please choose a number from {min} to {max}.",
        bad_characters: "Some of these characters cannot be used here.",
        not_an_email: "This does not look like an e-mail address.",
        not_a_date: "Please choose a date.",
        not_a_time: "Please give a time, for example 18:30.",
        not_an_amount: "Please type an amount, such as 120 or 120.50.",
        not_on_offer: "Please choose one of the values on offer.",
        in_the_past: "This date has passed.",
        not_after_arrival: "The departure must be after the arrival.",
        too_many_nights: "A stay has at most {max} nights.",
        too_many_guests: "The room sleeps {max}.",
        changed_meanwhile: "A colleague changed this in the meantime. Save again to put what you typed in its place.",
        changed_meanwhile_to: "A colleague changed this to “{now}” in the meantime. Save again to put what you typed in its place.",
        already_in_use: "This is taken already.",
        weak_password: "At least 8 characters, with a small and a capital letter, a digit and a special character.",
        wrong: "This is not right.",
        not_a_vat_number: "This is no valid VAT number. Check its letters and digits.",
        not_found: "This was not found here.",
    }
}

catalogue! {
    /// What went wrong.
    Errors {
        not_found_title: "Nothing here",
        not_found: "This page, or what it was about, does not exist in this hotel.",
        forbidden_title: "Not for your role",
        forbidden: "Your role does not include this. An owner or manager can change that.",
        failed_title: "That did not work",
        sign_in_required: "Please sign in.",
        refused: "This was not done. {why}",
        invalid: "Please look at the marked fields. Nothing was saved yet, and everything you typed is still here.",
        room_taken: "The room has been booked for one of these nights. Please choose another room or other dates; everything you typed is still here.",
        room_occupied: "Another guest is still in the room. Check that guest out first, or choose another room.",
        room_occupied_by: "{guest} is still in room {room}. Check that guest out first, or choose another room for this stay.",
        sold_out: "No room of this type is left for one of these nights: those that are free are needed for bookings without a room. Please choose another type or other dates; everything you typed is still here.",
        no_room: "This stay has no room yet. Give it one first, under \"Change dates or room\".",
        room_out_of_order: "The room is out of order on one of these nights. Please choose another room.",
        not_live: "There is nothing to confirm: the stay is over or was called off.",
        not_checked_out: "How a stay went is noted when the guest has left.",
        wrong_state: "This is no longer possible: somebody else may have done it already.",
        not_yet: "The stay has not begun yet. To check in early, change its arrival to today first.",
        over: "The nights of this stay are over.",
        changed_meanwhile: "A colleague changed this in the meantime. Look at what it is now, and make your change again if it is still wanted.",
        in_use: "This is in use and cannot be removed.",
        already_subscribed: "There is a subscription of this kind already. Change its plan instead.",
        not_on_offer: "This is not on offer any more, or not for your account.",
        addon_needs_plan: "An add-on of this order goes with a plan that is not in it. Choose that plan, too, or leave the add-on out.",
        empty_cart: "Choose a plan, an add-on or tokens first.",
        invoice_state: "The invoice is paid or void already.",
        payment_refused: "The payment provider refused. Nothing was taken; try again, or in another way.",
        wrong_credentials: "User name or password is wrong.",
        inactive: "This account is not active. An owner or manager can activate it.",
        too_many_attempts: "Too many attempts. Please try again in {minutes} minutes.",
        bad_link: "This link was used already or is too old. Please ask for a new one.",
        subscription_lapsed: "The subscription of this hotel has lapsed. Reading works; new bookings and reports need a renewal.",
        unavailable: "The server cannot be reached at the moment. Nothing was lost; please try again in a moment.",
        internal: "Something went wrong on our side. Nothing was saved; the log knows more.",
    }
}

catalogue! {
    /// Pages that cannot be made.
    ErrorPages {
        not_found: "There is nothing here",
        not_found_text: "The address may be mistyped, or what was here is gone.",
        foreign: "That was not sent from Keyrack",
        foreign_text: "For your safety nothing was changed. Open the page again and repeat it.",
        lapsed: "The subscription of this hotel has lapsed",
        lapsed_text: "Everything is kept and can be read. New bookings and reports wait for a renewal.",
        not_here: "That cannot be done here",
        not_here_text: "Nothing was changed. Go back and try it from the page.",
        too_much: "That is too much at once",
        too_much_text: "Nothing was saved. Go back, shorten what you typed, and send it again.",
        moment: "One moment, please",
        moment_text: "Keyrack is busy or restarting. What was saved is safe. This page tries again by itself.",
        moment_write_text: "Keyrack is busy or restarting, and may not have saved this. Go back in a moment, look, and send it again.",
        unreadable: "That could not be read",
        unreadable_text: "Nothing was changed. Go back and try again.",
        failed: "Something went wrong on our side",
        failed_text: "What was saved before is safe. Go back and try again.",
        reference: "Reference for support:",
        start: "Go to the start page",
    }
}

catalogue! {
    /// Why a subscription does not do what was asked.
    SubscriptionRefusals {
        not_active_to_pause: "Only active subscriptions can be paused.",
        already_paused: "The subscription is paused already.",
        not_paused: "The subscription is not paused.",
        not_active_to_upgrade: "Only active subscriptions can change to a better plan.",
        not_active_to_downgrade: "Only active subscriptions can change to a lesser plan.",
        one_time_to_downgrade: "A plan that is paid once cannot wait for the next renewal.",
        no_plan_to_come: "No other plan was asked for.",
        same_plan: "This is the present plan already.",
        trial_needs_payment: "A trial becomes a subscription by paying its invoice.",
        already_active: "The subscription is active already.",
        not_active_to_extend: "Only active subscriptions can be extended.",
    }
}

catalogue! {
    /// What was done.
    Notices {
        checked_in: "Checked in.",
        checked_out: "Checked out. The room is marked dirty.",
        cancelled: "Cancelled.",
        no_show: "Recorded as a no-show.",
        undone: "Undone.",
        booked: "Booked.",
        changed: "Changed.",
        done: "Done.",
        deactivated: "Deactivated, and signed out everywhere.",
        saved: "Saved.",
        confirmation_sent: "The confirmation is on its way.",
        added: "Added.",
        removed: "Removed.",
        signed_out: "Signed out.",
        password_changed: "The password is changed. Other browsers are signed out.",
        password_reset: "The password is set. Please sign in with it.",
        link_sent: "If there is an account for this address, a link is on its way.",
        hotel_added: "The hotel is there. Change to it at the top of the page.",
        registered: "Your hotel is registered. Welcome.",
        session_ended: "That browser is signed out.",
        subscription_cancelled: "The subscription will not be renewed. You have access until its end, and can keep it after all until then.",
        plan_kept: "The plan stays as it is.",
        addon_cancelled: "The add-on is cancelled. It runs to its end.",
        order_given_up: "The order is given up, and its invoice is void.",
        ordered: "Thank you. Everything is active as soon as the money is there.",
        ordered_unpaid: "The order is kept, but the page to pay on could not be opened. Please try again here.",
        trial_begun: "Your trial has begun.",
        subscription_paused: "The subscription is paused. The time left is kept.",
        subscription_resumed: "The subscription goes on.",
        downgrade_scheduled: "The plan changes at the next renewal.",
        plan_changed: "The plan is changed.",
        order_active: "Everything you ordered is active.",
    }
}

catalogue! {
    /// What happened.
    History {
        booked: "Booked",
        changed: "Changed",
        checked_in: "Checked in",
        checked_out: "Checked out",
        cancelled: "Cancelled",
        no_show: "Recorded as a no-show",
        check_in_undone: "Check-in undone",
        check_out_undone: "Check-out undone",
        note_changed: "Note changed",
        feedback_changed: "Noted how it went",
        confirmation_sent: "Confirmation sent",
        reinstated: "Brought back",
        guest_changed: "Guest changed",
        guest_created: "Guest added",
        company_changed: "Company changed by the platform's admin",
        company_registered: "Company registered",
        user_impersonated: "The platform's admin signed in as a colleague",
        impersonation_request: "Asked for in a colleague's name",
        hotel_changed: "Hotel changed",
        hotel_registered: "Hotel registered",
        password_changed: "Password changed",
        password_reset: "Password set by link",
        password_set_by_operator: "Password set by the operator",
        profile_changed: "Profile changed",
        room_changed: "Room changed",
        room_closed: "Room taken out of order",
        room_condition_set: "Room marked",
        room_created: "Room added",
        room_removed: "Room removed",
        room_reopened: "Room back in order",
        room_type_changed: "Room type changed",
        room_type_created: "Room type added",
        room_type_removed: "Room type removed",
        sign_in_failed: "Sign-in failed",
        signed_in: "Signed in",
        signed_out: "Signed out",
        sessions_ended: "Sessions ended",
        staff_changed: "Colleague changed",
        staff_created: "Colleague added",
        staff_removed: "Colleague removed from the hotel",
        tokens_issued: "Signed in over REST",
        tokens_reused: "Refresh token used twice; its tokens ended",
        tokens_revoked: "Signed out over REST",
    }
}

catalogue! {
    /// Facts of what happened, before their value.
    Facts {
        same_dates: "{now}",
        other_dates: "{now}, before {before}",
        total: "total {amount}",
        name: "name",
        number: "room",
        room: "room",
        reference: "booking",
        arrival: "arrival",
        departure: "departure",
        arrival_before: "arrival before",
        departure_before: "departure before",
        condition: "as",
        from: "from",
        until: "until",
        reason: "reason",
        role: "role",
        role_before: "role before",
        is_active: "may sign in",
        rating: "rated",
        username: "signs in as",
        address: "from",
        hotel: "hotel",
        owner: "owner",
        sent_to: "to",
        impersonated_by: "in their name by",
        admin: "admin",
        method: "request",
        path: "to",
    }
}

/// The words before a fact of the history; none for facts that are for machines.
pub fn fact_text(name: &str) -> Option<&'static str> {
    let t = &texts().facts;
    Some(match name {
        "name" => t.name,
        "number" => t.number,
        "room" => t.room,
        "reference" => t.reference,
        "arrival" => t.arrival,
        "departure" => t.departure,
        "arrival_before" => t.arrival_before,
        "departure_before" => t.departure_before,
        "condition" => t.condition,
        "from" => t.from,
        "until" => t.until,
        "reason" => t.reason,
        "role" => t.role,
        "role_before" => t.role_before,
        "is_active" => t.is_active,
        "rating" => t.rating,
        "username" => t.username,
        "address" => t.address,
        "hotel" => t.hotel,
        "owner" => t.owner,
        "sent_to" => t.sent_to,
        "impersonated_by" => t.impersonated_by,
        "admin" => t.admin,
        "method" => t.method,
        "path" => t.path,
        _ => return None,
    })
}

/// The name of a stay's state.
pub fn status_text(status: StayStatus) -> &'static str {
    let t = &texts().words;
    match status {
        StayStatus::Reserved => t.reserved,
        StayStatus::CheckedIn => t.checked_in,
        StayStatus::CheckedOut => t.checked_out,
        StayStatus::Cancelled => t.cancelled,
        StayStatus::NoShow => t.no_show,
    }
}

/// What a rating of 1 to 5 says.
pub fn rating_text(rating: i16) -> &'static str {
    let t = &texts().words;
    match rating {
        ..=1 => t.rating_1,
        2 => t.rating_2,
        3 => t.rating_3,
        4 => t.rating_4,
        5.. => t.rating_5,
    }
}

/// The name of an action.
pub fn action_text(action: StayAction) -> &'static str {
    let t = &texts().words;
    match action {
        StayAction::CheckIn => t.check_in,
        StayAction::CheckOut => t.check_out,
        StayAction::Cancel => t.cancel,
        StayAction::NoShow => t.record_no_show,
        StayAction::UndoCheckIn => t.undo_check_in,
        StayAction::UndoCheckOut => t.undo_check_out,
        StayAction::Reinstate => t.reinstate,
        StayAction::Change => t.change,
    }
}

/// The name of a role.
pub fn role_text(role: Role) -> &'static str {
    let t = &texts().words;
    match role {
        Role::Owner => t.owner,
        Role::Manager => t.manager,
        Role::Reception => t.reception,
        Role::Housekeeping => t.housekeeping,
    }
}

/// What is wrong with a field.
pub fn problem_text(code: &ProblemCode) -> String {
    let t = &texts().problems;
    match code {
        ProblemCode::Required => t.required.to_owned(),
        ProblemCode::TooLong { max } => fill(t.too_long, &[("max", &max.to_string())]),
        ProblemCode::TooShort { min } => fill(t.too_short, &[("min", &min.to_string())]),
        ProblemCode::OutOfRange { min, max } => {
            fill(t.out_of_range, &[("min", &min.to_string()), ("max", &max.to_string())])
        }
        ProblemCode::BadCharacters => t.bad_characters.to_owned(),
        ProblemCode::NotAnEmail => t.not_an_email.to_owned(),
        ProblemCode::NotADate => t.not_a_date.to_owned(),
        ProblemCode::NotATime => t.not_a_time.to_owned(),
        ProblemCode::NotAnAmount => t.not_an_amount.to_owned(),
        ProblemCode::NotOnOffer => t.not_on_offer.to_owned(),
        ProblemCode::InThePast => t.in_the_past.to_owned(),
        ProblemCode::NotAfterArrival => t.not_after_arrival.to_owned(),
        ProblemCode::TooManyNights { max } => fill(t.too_many_nights, &[("max", &max.to_string())]),
        ProblemCode::TooManyGuests { max } => fill(t.too_many_guests, &[("max", &max.to_string())]),
        ProblemCode::ChangedMeanwhile { now } => match now.parse::<NaiveDate>() {
            Ok(date) => fill(t.changed_meanwhile_to, &[("now", &show::full_date(date))]),
            // Nobody can read an id; the page shows elsewhere what is chosen.
            Err(_) if now.is_empty() || now.parse::<RoomChoice>().is_ok() => t.changed_meanwhile.to_owned(),
            Err(_) => fill(t.changed_meanwhile_to, &[("now", now)]),
        },
        ProblemCode::AlreadyInUse => t.already_in_use.to_owned(),
        ProblemCode::WeakPassword => t.weak_password.to_owned(),
        ProblemCode::Wrong => t.wrong.to_owned(),
        ProblemCode::NotAVatNumber => t.not_a_vat_number.to_owned(),
        ProblemCode::NotFound => t.not_found.to_owned(),
    }
}

/// What went wrong, and what to do.
pub fn error_text(error: &AppError) -> String {
    let t = &texts().errors;
    match error {
        AppError::TooManyAttempts { retry_after_seconds } => {
            let minutes = (retry_after_seconds + 59) / 60;
            return fill(t.too_many_attempts, &[("minutes", &minutes.to_string())]);
        }
        AppError::Said(text) => return text.clone(),
        AppError::RoomOccupied(Some(occupant)) => {
            return fill(
                t.room_occupied_by,
                &[("room", &occupant.room_number), ("guest", &occupant.guest_name)],
            );
        }
        AppError::RoomOccupied(None) => t.room_occupied,
        AppError::SignInRequired => t.sign_in_required,
        AppError::Forbidden => t.forbidden,
        AppError::NotFound => t.not_found,
        AppError::Invalid(_) => t.invalid,
        AppError::Conflict(Conflict::RoomTaken) => t.room_taken,
        AppError::Conflict(Conflict::SoldOut) => t.sold_out,
        AppError::Conflict(Conflict::RoomOutOfOrder) => t.room_out_of_order,
        AppError::Conflict(Conflict::Stay(StayRefusal::WrongState { .. })) => t.wrong_state,
        AppError::Conflict(Conflict::Stay(StayRefusal::NotYet { .. })) => t.not_yet,
        AppError::Conflict(Conflict::Stay(StayRefusal::Over { .. })) => t.over,
        AppError::Conflict(Conflict::Stay(StayRefusal::NoRoom)) => t.no_room,
        AppError::Conflict(Conflict::Stay(StayRefusal::NotLive)) => t.not_live,
        AppError::Conflict(Conflict::Stay(StayRefusal::NotCheckedOut)) => t.not_checked_out,
        AppError::Conflict(Conflict::ChangedMeanwhile) => t.changed_meanwhile,
        AppError::Conflict(Conflict::InUse) => t.in_use,
        AppError::Conflict(Conflict::Subscription(refusal)) => subscription_refusal_text(*refusal),
        AppError::Conflict(Conflict::AlreadySubscribed) => t.already_subscribed,
        AppError::Conflict(Conflict::NotOnOffer) => t.not_on_offer,
        AppError::Conflict(Conflict::AddonNeedsPlan) => t.addon_needs_plan,
        AppError::Conflict(Conflict::EmptyCart) => t.empty_cart,
        AppError::Conflict(Conflict::InvoiceState) => t.invoice_state,
        AppError::Conflict(Conflict::PaymentRefused) => t.payment_refused,
        AppError::WrongCredentials => t.wrong_credentials,
        AppError::Inactive => t.inactive,
        AppError::BadLink => t.bad_link,
        AppError::SubscriptionLapsed => t.subscription_lapsed,
        AppError::Unavailable => t.unavailable,
        AppError::Internal => t.internal,
    }
    .to_owned()
}

fn subscription_refusal_text(refusal: SubscriptionRefusal) -> &'static str {
    use SubscriptionRefusal as R;
    let t = &texts().subscription_refusals;
    match refusal {
        R::NotActiveToPause => t.not_active_to_pause,
        R::AlreadyPaused => t.already_paused,
        R::NotPaused => t.not_paused,
        R::NotActiveToUpgrade => t.not_active_to_upgrade,
        R::NotActiveToDowngrade => t.not_active_to_downgrade,
        R::OneTimeToDowngrade => t.one_time_to_downgrade,
        R::NoPlanToCome => t.no_plan_to_come,
        R::SamePlan => t.same_plan,
        R::TrialNeedsPayment => t.trial_needs_payment,
        R::AlreadyActive => t.already_active,
        R::NotActiveToExtend => t.not_active_to_extend,
    }
}

/// What was done; `None` for a code that is not ours, such as one somebody wrote into a cookie.
pub fn notice_text(code: &str) -> Option<&'static str> {
    let t = &texts().notices;
    Some(match code {
        "checked_in" => t.checked_in,
        "checked_out" => t.checked_out,
        "cancelled" => t.cancelled,
        "no_show" => t.no_show,
        "undone" => t.undone,
        "booked" => t.booked,
        "changed" => t.changed,
        "done" => t.done,
        "deactivated" => t.deactivated,
        "saved" => t.saved,
        "confirmation_sent" => t.confirmation_sent,
        "added" => t.added,
        "removed" => t.removed,
        "signed_out" => t.signed_out,
        "password_changed" => t.password_changed,
        "password_reset" => t.password_reset,
        "link_sent" => t.link_sent,
        "registered" => t.registered,
        "hotel_added" => t.hotel_added,
        "session_ended" => t.session_ended,
        "subscription_cancelled" => t.subscription_cancelled,
        "subscription_paused" => t.subscription_paused,
        "subscription_resumed" => t.subscription_resumed,
        "downgrade_scheduled" => t.downgrade_scheduled,
        "plan_changed" => t.plan_changed,
        "order_active" => t.order_active,
        "plan_kept" => t.plan_kept,
        "addon_cancelled" => t.addon_cancelled,
        "order_given_up" => t.order_given_up,
        "ordered" => t.ordered,
        "ordered_unpaid" => t.ordered_unpaid,
        "trial_begun" => t.trial_begun,
        _ => return None,
    })
}

/// What happened, for an action of the history; the code itself for one without words.
pub fn history_text(action: &str) -> String {
    let t = &texts().history;
    match action {
        "stay.booked" => t.booked,
        "stay.changed" => t.changed,
        "stay.checked_in" => t.checked_in,
        "stay.checked_out" => t.checked_out,
        "stay.cancelled" => t.cancelled,
        "stay.no_show" => t.no_show,
        "stay.check_in_undone" => t.check_in_undone,
        "stay.check_out_undone" => t.check_out_undone,
        "stay.note_changed" => t.note_changed,
        "stay.feedback_changed" => t.feedback_changed,
        "stay.confirmation_sent" => t.confirmation_sent,
        "stay.reinstated" => t.reinstated,
        "guest.changed" => t.guest_changed,
        "guest.created" => t.guest_created,
        "company.changed" => t.company_changed,
        "company.registered" => t.company_registered,
        "user.impersonated" => t.user_impersonated,
        "impersonation.request" => t.impersonation_request,
        "hotel.changed" => t.hotel_changed,
        "hotel.registered" => t.hotel_registered,
        "password.changed" => t.password_changed,
        "password.reset" => t.password_reset,
        "password.set_by_operator" => t.password_set_by_operator,
        "profile.changed" => t.profile_changed,
        "room.changed" => t.room_changed,
        "room.closed" => t.room_closed,
        "room.condition_set" => t.room_condition_set,
        "room.created" => t.room_created,
        "room.removed" => t.room_removed,
        "room.reopened" => t.room_reopened,
        "room_type.changed" => t.room_type_changed,
        "room_type.created" => t.room_type_created,
        "room_type.removed" => t.room_type_removed,
        "session.sign_in_failed" => t.sign_in_failed,
        "session.signed_in" => t.signed_in,
        "session.signed_out" => t.signed_out,
        "sessions.ended" => t.sessions_ended,
        "staff.changed" => t.staff_changed,
        "staff.created" => t.staff_created,
        "staff.removed" => t.staff_removed,
        "tokens.issued" => t.tokens_issued,
        "tokens.reused" => t.tokens_reused,
        "tokens.revoked" => t.tokens_revoked,
        other => other,
    }
    .to_owned()
}
