//! The words of the mails.

domain::catalogue! {
    /// What stands in more than one mail.
    Common {
        open_site: "Open Keyrack",
        look_and_pay: "Look at the invoice and pay",
        fact_invoice: "Invoice",
        fact_credit_note: "Credit note",
        fact_amount: "Amount",
        fact_paid: "Paid",
        fact_payment: "Payment",
        fact_due: "Due",
        fact_bank: "Bank",
        fact_iban: "IBAN",
        fact_bic: "BIC",
    }
}

domain::catalogue! {
    /// Mails with a document.
    Documents {
        invoice_subject: "Invoice {number} from {seller}",
        ordered: "Thank you for your order. The invoice is attached; what you ordered begins when it is paid.",
        issued: "We have an invoice for you, over {amount}. It is attached.",
        receipt_subject: "Receipt for invoice {number}",
        receipt: "We received your payment of {amount}. Thank you. The paid invoice is attached.",
        credit_note_subject: "Credit note {number} from {seller}",
        credit_note: "We refunded {amount} to you. The credit note is attached.",
        failed_subject: "Your payment for invoice {number} failed",
        failed: "Your payment of {amount} did not work. Nothing was charged. Please try again, or pay in another way.",
        reminder_subject: "Reminder: invoice {number} is overdue",
        last_reminder_subject: "Last reminder: invoice {number} is overdue",
        not_received: "We have not received your payment for invoice {number} yet.",
        was_due: "It was due on {date}.",
        on_its_way: "If your payment is on its way, please disregard this letter.",
        last_reminder: "This is our last reminder. Without a payment, what you ordered stays inactive.",
    }
}

domain::catalogue! {
    /// Mails about a subscription.
    Subscriptions {
        activated_subject: "Your subscription to {plan} is active",
        activated: "{plan} is active now. Thank you for choosing us.",
        activated_until: "{plan} is active now. It runs until {date}. Thank you for choosing us.",
        cancelled_subject: "Your subscription to {plan} was cancelled",
        cancelled: "Your subscription to {plan} was cancelled. Nothing is to be paid for it.",
        cancelled_until: "Your subscription to {plan} was cancelled and will not be renewed. You can go on using it until {date}.",
        come_back: "If this was a mistake, or you change your mind, you can subscribe again at any time.",
        not_collected_subject: "Your payment for {plan} failed",
        not_collected: "The payment for the next period of your subscription to {plan} did not work. It is tried again in the next days.",
        see_to_the_card: "Please see to it that your card is valid and covered, or give us another one: your subscription then goes on without a gap.",
        bank_may_ask: "Your bank may also want you to confirm the payment. You can do that here, or pay with another card:",
        confirm_or_pay: "Confirm or pay",
        renews_subject: "Your subscription to {plan} renews on {date}",
        period_ends: "The present period of your subscription to {plan} ends on {date}.",
        next_invoice: "The invoice for the next period is attached. Once it is paid, your subscription goes on without a gap.",
        renewed_by_itself: "It is renewed by itself, in the way you pay for it now.",
        not_to_go_on: "If you do not want to go on, cancel the subscription before that day: nothing is then to be paid.",
        trial_subject: "Your trial of {plan} ends on {date}",
        trial_ends: "Your trial of {plan} ends on {date}.",
        keep_it: "To keep it, pay the attached invoice: your subscription begins at once.",
        trial_costs_nothing: "If it is not for you, you need do nothing: the trial ends by itself and costs nothing.",
    }
}

/// Every word of the mails in one language.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) common: Common,
    pub(super) documents: Documents,
    pub(super) subscriptions: Subscriptions,
}

/// The words in the reader's language.
pub(super) fn texts() -> &'static Texts {
    const EN: Texts =
        Texts { common: Common::EN, documents: Documents::EN, subscriptions: Subscriptions::EN };
    &EN
}
