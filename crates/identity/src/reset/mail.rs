//! What the mail says.

use platform::mail::Message;

/// The mail with the link.
pub(super) fn message(email: &str, full_name: &str, base_url: &str, token: &str) -> Message {
    let text = format!(
        "Hello {full_name},\n\n\
         somebody, probably you, asked for a new password for your Keyrack account. Choose one here within an hour:\n\n\
         {base_url}/reset-password?token={token}\n\n\
         The link works once. If you did not ask for it, do nothing: your password stays as it is.\n"
    );
    Message {
        to: email.to_owned(),
        subject: "Choose a new Keyrack password".to_owned(),
        text,
        html: None,
        attachments: Vec::new(),
    }
}
