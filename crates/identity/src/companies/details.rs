//! What a company says about itself.

use chrono::NaiveDate;
use domain::problem::{ProblemCode, Problems, email, optional_text};
use domain::stay::read_date;

/// What a company says about itself, as it is typed. What is absent stays as it is; what is empty is taken away.
#[derive(Debug, Clone, Default)]
pub struct CompanyDetails {
    /// The address of its logo.
    pub logo_url: Option<String>,
    /// An e-mail address.
    pub contact_email: Option<String>,
    /// Telephone.
    pub contact_phone: Option<String>,
    /// The address of its website.
    pub website: Option<String>,
    /// Postal address on one line.
    pub address: Option<String>,
    /// The tax office it belongs to.
    pub tax_office: Option<String>,
    /// Its tax number.
    pub tax_number: Option<String>,
    /// The first day of its package, `YYYY-MM-DD`.
    pub package_start_date: Option<String>,
    /// The last day of its package, `YYYY-MM-DD`.
    pub package_end_date: Option<String>,
}

/// What is to become of a field: another value, none any more, or neither.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field<T> {
    pub is_cleared: bool,
    pub value: Option<T>,
}

/// [`CompanyDetails`] that can be stored.
pub(super) struct Checked {
    pub logo_url: Field<String>,
    pub contact_email: Field<String>,
    pub contact_phone: Field<String>,
    pub website: Field<String>,
    pub address: Field<String>,
    pub tax_office: Field<String>,
    pub tax_number: Field<String>,
    pub package_start_date: Field<NaiveDate>,
    pub package_end_date: Field<NaiveDate>,
}

impl CompanyDetails {
    /// Checks every field; problems are at their names.
    pub(super) fn check(&self, problems: &mut Problems) -> Checked {
        Checked {
            logo_url: text(problems, "logo_url", self.logo_url.as_deref(), 500),
            contact_email: checked(problems, "contact_email", self.contact_email.as_deref(), email),
            contact_phone: text(problems, "contact_phone", self.contact_phone.as_deref(), 40),
            website: text(problems, "website", self.website.as_deref(), 500),
            address: text(problems, "address", self.address.as_deref(), 400),
            tax_office: text(problems, "tax_office", self.tax_office.as_deref(), 120),
            tax_number: text(problems, "tax_number", self.tax_number.as_deref(), 60),
            package_start_date: checked(
                problems,
                "package_start_date",
                self.package_start_date.as_deref(),
                read_date,
            ),
            package_end_date: checked(
                problems,
                "package_end_date",
                self.package_end_date.as_deref(),
                read_date,
            ),
        }
    }
}

fn text(problems: &mut Problems, field: &str, value: Option<&str>, max: usize) -> Field<String> {
    let value = value.and_then(|value| problems.take(field, optional_text(value, max)));
    Field { is_cleared: value.as_ref().is_some_and(Option::is_none), value: value.flatten() }
}

fn checked<T>(
    problems: &mut Problems,
    field: &str,
    value: Option<&str>,
    check: impl Fn(&str) -> Result<T, ProblemCode>,
) -> Field<T> {
    match value.map(str::trim) {
        None => Field { is_cleared: false, value: None },
        Some("") => Field { is_cleared: true, value: None },
        Some(value) => Field { is_cleared: false, value: problems.take(field, check(value)) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_stays_and_what_is_empty_goes() {
        let details = CompanyDetails {
            website: Some(" ".to_owned()),
            package_end_date: Some("2027-12-31".to_owned()),
            contact_email: Some("Desk@Harbour.Example".to_owned()),
            ..CompanyDetails::default()
        };
        let mut problems = Problems::new();
        let found = details.check(&mut problems);
        assert!(problems.is_empty());
        assert_eq!(found.address, Field { is_cleared: false, value: None });
        assert_eq!(found.website, Field { is_cleared: true, value: None });
        assert_eq!(found.package_end_date.value, Some("2027-12-31".parse().unwrap()));
        assert_eq!(found.contact_email.value.as_deref(), Some("desk@harbour.example"));
    }

    #[test]
    fn what_cannot_be_kept_is_named() {
        let details = CompanyDetails {
            address: Some("a\0b".to_owned()),
            contact_email: Some("desk".to_owned()),
            tax_number: Some("9".repeat(61)),
            package_start_date: Some("31.12.2027".to_owned()),
            ..CompanyDetails::default()
        };
        let mut problems = Problems::new();
        details.check(&mut problems);
        let fields: Vec<_> = problems.into_vec().into_iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["contact_email", "address", "tax_number", "package_start_date"]);
    }
}
