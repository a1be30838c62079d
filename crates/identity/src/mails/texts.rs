//! The words of the mails.

domain::catalogue! {
    /// What mails about an account say.
    Texts {
        open_site: "Open Keyrack",
        sign_in_as_chosen: "Your account is ready. You sign in with this e-mail address and the password that you chose.",
        not_you: "If it was not you who signed up, choose “Forgot password” there: the account is then yours alone.",
        welcome: "Welcome to Keyrack",
        made_for_you: "We made an account for you. You sign in with this e-mail address.",
        choose_it_here: "If you have no password for it yet, or want one that only you know, choose it here:",
        choose_password: "Choose a password",
        account_subject: "Your Keyrack account",
        hotel_registered: "{hotel} is registered. You sign in with this e-mail address and the password that you chose.",
        begin_with_rooms: "Begin with your rooms and their rates, in the settings; then the desk is ready for the first booking.",
        company_registered: "{company} is registered. You sign in with these, and the password that you chose:",
        fact_company_code: "Company code",
        fact_user_name: "User name",
        somebody_asked: "Somebody, probably you, asked for a new password for your Keyrack account. Choose one here within an hour:",
        choose_new_password: "Choose a new password",
        works_once: "The link works once. If you did not ask for it, do nothing: your password stays as it is.",
        reset_subject: "Choose a new Keyrack password",
        password_changed: "The password of your Keyrack account was changed, and you were signed out everywhere else.",
        not_expected: "If you did not expect that, choose a new password at once:",
        changed_subject: "Your Keyrack password was changed",
        address_changed: "The e-mail address of your Keyrack account was changed: mail about it no longer comes to this one.",
        address_not_expected: "If you did not expect that, tell those who run the site at once: somebody else may be able to sign in as you.",
        address_subject: "Your Keyrack e-mail address was changed",
    }
}
