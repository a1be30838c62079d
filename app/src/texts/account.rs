//! Texts of the account, the store and what is paid.

use super::catalogue;

catalogue! {
    /// The account's shell.
    AccountNav {
        label: "Account",
        overview: "Overview",
        plans: "Plans",
        store: "Modules",
        invoices: "Invoices",
        tokens: "Tokens",
        profile: "Address",
        to_desk: "To the desk",
        sandbox: "This is a trial: payments go to a sandbox, and no real money moves.",
        sign_up: "Create an account",
        sign_up_title: "Create an account",
        sign_up_text: "For plans and tokens of your own. Hotels are registered elsewhere.",
        sign_up_help: "8 characters or more, with a small and a capital letter, a digit and a sign such as !",
        have_account: "I have an account",
    }
}

catalogue! {
    /// The account's first page.
    Overview {
        title: "Your account",
        subscriptions: "Subscriptions",
        no_subscription_title: "No subscription yet",
        no_subscription_text: "Here is what you subscribe to, with its next payment and every way to change it.",
        choose_plan: "Choose a plan",
        choose_module: "See the modules",
        per: "{price} + tax, {period}",
        renews: "Renews on {date}",
        ask_renewal: "Paid until {date}; an invoice for the next period comes seven days before",
        access_until: "Not renewed; access until {date}",
        trial_until: "Free trial until {date}. Pay its invoice to go on; otherwise it ends by itself",
        trial_ends: "Free trial, which ends on {date}",
        paused_since: "Paused since {date}; the time left is kept",
        ended: "Ended on {date}",
        not_paid: "Waits for its first payment",
        past_due: "The last payment was refused. Change the card to keep access.",
        becomes: "Becomes {plan} at the next renewal",
        cancel: "Cancel subscription",
        keep: "Keep it after all",
        keep_plan: "Stay with {plan}",
        give_up: "Give it up",
        cancel_addon: "Cancel {addon}",
        addon_until: "until {date}, not renewed",
        addon_cancelled: "cancelled, runs until {date}",
        pause: "Pause",
        resume: "Resume",
        change: "Change plan",
        card: "Change card",
        open: "To be paid",
        pay: "Pay {amount}",
        due: "due {date}",
        tokens: "Tokens",
        tokens_left: "{n} left",
        ledger: "All entries",
        addons: "Add-ons",
        from_renewal: "From {date}, {period}:",
        change_title: "Change plan",
        change_text: "A better plan begins when the difference is paid. A lesser one begins at the next renewal; until then everything stays.",
        now: "Your plan: {plan}",
        credit: "For {days} days left of {plan} you are credited {amount}.",
        upgrade_now: "Upgrade for {amount}",
        upgrade_free: "Change at once, nothing to pay",
        downgrade: "Switch at renewal",
        choose: "Choose",
    }
}

catalogue! {
    /// Plans and the checkout.
    Plans {
        title: "Plans",
        lead: "Prices include the tax of your country.",
        lead_no_country: "Prices are without tax; it is added once your country is known.",
        currency: "Currency",
        show: "Show",
        addons: "Add-ons",
        bundles: "Tokens",
        tokens: "{n} tokens with each payment",
        trial: "{n} days free, then {price} {period}",
        goes_with: "with {plans}",
        or: " or ",
        current: "Your plan",
        choose: "Choose {plan}",
        no_plan: "No plan, only what is chosen below",
        plan: "Plan",
        review: "Review order",
        checkout_title: "Your order",
        net: "Sum",
        tax: "Tax {rate} %",
        total: "To pay",
        pay: "Pay {amount}",
        order: "Order for {amount}",
        start: "Start",
        begin_trial: "Begin {n} days free",
        next_trial: "Nothing is to be paid today. Until {date} you can pay the invoice over {amount} and go on; if you do not, the plan ends by itself.",
        next_trial_more: "Add-ons and tokens of this order begin when the invoice is paid.",
        next: "You pay on the page of our payment provider; card numbers never reach us. Everything is active as soon as the payment is there.",
        next_transfer: "You get the invoice with everything that a transfer needs. Everything is active as soon as the money is there.",
        addons_once: "Add-ons are paid once for the time that is said with them, and not renewed.",
        address_title: "Invoice to",
        address_text: "An invoice needs a name and an address, and the country decides the tax. The total with tax comes next.",
        address_next: "Go on to the total",
        how_to_pay: "How to pay",
        card: "Card",
        card_text: "On the page of our payment provider.",
        provider_text: "On the page of {name}.",
        transfer_text: "By transfer, to the bank account on the invoice.",
        what: "What you order",
        next_free: "Nothing is to be paid, so everything is active at once.",
        back: "Change the order",
    }
}

catalogue! {
    /// Invoices.
    Invoices {
        pdf: "Download PDF",
        title: "Invoices",
        empty_title: "No invoice yet",
        empty_text: "Everything you buy has its invoice here.",
        number: "Number",
        date: "Date",
        due: "Due",
        status: "Status",
        total: "Total",
        invoice: "Invoice {number}",
        pay: "Pay {amount}",
        pay_with: "Pay {amount} with {name}",
        paid: "Paid on {date}",
        thanks: "Thank you. Your payment has arrived.",
        on_its_way: "Your payment is on its way. This page shows it as soon as it is there.",
        not_paid: "The payment was not finished. Nothing was taken.",
        lines: "What it is over",
        facts: "Facts",
        all: "All invoices",
        payee: "To",
        bank: "Bank",
        iban: "IBAN",
        bic: "BIC",
        payment_reference: "Reference",
        credit_notes: "What went back",
        credit_note: "Credit note {number}",
        credit_note_cancelled: "{number}: refund taken back",
        pdf_of: "Download {number} as PDF",
        pdf_short: "PDF",
    }
}

catalogue! {
    /// Tokens.
    Tokens {
        title: "Tokens",
        empty_title: "No tokens yet",
        empty_text: "Every token that comes or goes is listed here.",
        balance: "Balance: {n}",
        date: "Date",
        what: "What for",
        amount: "Tokens",
        buy: "Buy tokens",
    }
}

catalogue! {
    /// The billing address.
    BillingAddress {
        title: "Billing address",
        text: "It is on your invoices; the tax of its country applies, or of its region where that has one of its own.",
        first_name: "First name",
        last_name: "Last name",
        company: "Company",
        tax_number: "VAT number",
        address_line_1: "Street and number",
        address_line_2: "More of the address",
        postal_code: "Postal code",
        city: "City",
        region: "State or region",
        country: "Country",
        phone: "Phone",
        password_title: "Password and e-mail",
        password_link: "Change them, and see where you are signed in",
    }
}

catalogue! {
    /// The module store.
    Store {
        title: "Modules",
        lead: "Each module opens at once when it is paid. What you end stays open until the end of what was paid, and keeps its data.",
        hotel: "Hotel",
        hotel_text: "Rooms, guests and bookings; the front desk.",
        tour: "Tours",
        tour_text: "Excursions and their participants.",
        enabled: "Enabled",
        not_enabled: "Not enabled",
        until: "until {date}",
        per_period: "{price} {period}",
        with_tax: "{price} with tax",
        buy: "Buy {plan}",
        trial: "{n} days free first",
        none: "No plan is on offer just now.",
        manage: "Manage subscription",
    }
}

catalogue! {
    /// States and periods of what is bought.
    BillingWords {
        pending: "Not paid",
        trialing: "Trial",
        active: "Active",
        paused: "Paused",
        cancelled: "Cancelled",
        expired: "Ended",
        invoice_pending: "To be paid",
        invoice_paid: "Paid",
        invoice_failed: "Failed",
        invoice_cancelled: "Void",
        invoice_refunded: "Refunded",
        invoice_overdue: "Overdue",
        weekly: "each week",
        monthly: "each month",
        quarterly: "each quarter",
        yearly: "each year",
        one_time: "once",
        one_week: "for one week",
        one_month: "for one month",
        one_quarter: "for one quarter",
        one_year: "for one year",
        for_good: "for good",
    }
}
