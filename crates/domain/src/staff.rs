//! Staff, as managers see and write them.

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

use crate::access::Role;
use crate::ids::{SessionId, UserId};
use crate::problem::{FieldProblem, ProblemCode, Problems, optional_email, required_text};

/// What a manager types to create a member of staff.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StaffForm {
    /// What the person signs in with: a name or an e-mail address.
    pub username: String,
    /// E-mail address; needed for a forgotten password.
    pub email: String,
    /// Full name.
    pub full_name: String,
    /// The role's text.
    pub role: String,
    /// The first password.
    pub password: String,
}

/// A [`StaffForm`] that can be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffDraft {
    /// What the person signs in with, in lower case.
    pub username: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Full name.
    pub full_name: String,
    /// The role in the hotel.
    pub role: Role,
    /// The first password.
    pub password: String,
}

/// Reads a user name: an e-mail address, or 3 to 60 letters, digits, dots, dashes and underscores.
pub fn username(text: &str) -> Result<String, ProblemCode> {
    let text = required_text(text, 254)?.to_lowercase();
    if text.contains('@') {
        return crate::problem::email(&text);
    }
    if text.chars().count() < 3 {
        return Err(ProblemCode::TooShort { min: 3 });
    }
    if text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_')) {
        Ok(text)
    } else {
        Err(ProblemCode::BadCharacters)
    }
}

impl StaffForm {
    /// Checks every field.
    pub fn check(&self) -> Result<StaffDraft, Vec<FieldProblem>> {
        let mut problems = Problems::new();
        let username = problems.take("username", username(&self.username));
        let email = problems.take("email", optional_email(&self.email));
        let full_name = problems.take("full_name", required_text(&self.full_name, 120));
        let role = problems.take("role", self.role.parse().map_err(|_| ProblemCode::NotOnOffer));
        let password = problems.take("password", crate::hotel::password(&self.password));
        match (username, email, full_name, role, password) {
            (Some(username), Some(email), Some(full_name), Some(role), Some(password)) => {
                // Somebody who signs in by e-mail has that address.
                let email = email.or_else(|| username.contains('@').then(|| username.clone()));
                problems.or(StaffDraft { username, email, full_name, role, password })
            }
            _ => Err(problems.into_vec()),
        }
    }
}

/// A member of staff of one hotel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffMember {
    /// The user.
    pub id: UserId,
    /// What the person signs in with.
    pub username: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Full name.
    pub full_name: String,
    /// The role in the hotel.
    pub role: Role,
    /// Whether the person may sign in.
    pub is_active: bool,
    /// Whether the person has a role in another hotel of the company too.
    pub works_elsewhere: bool,
    /// When the person last signed in.
    pub last_signed_in_at: Option<DateTime<FixedOffset>>,
}

/// A signed-in browser of the reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRow {
    /// The session.
    pub id: SessionId,
    /// The browser's own description of itself.
    pub user_agent: String,
    /// The network address it was last seen at.
    pub address: String,
    /// When it was signed in.
    pub created_at: DateTime<FixedOffset>,
    /// When it was last seen.
    pub last_seen_at: DateTime<FixedOffset>,
    /// Whether it is the one that asks.
    pub is_current: bool,
}
