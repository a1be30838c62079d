//! Who sells and who buys, as documents and mail name them.

use serde::Deserialize;
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::Result;

/// The seller: facts from the table `seller_settings`. What is not known is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Seller {
    /// The company.
    #[serde(rename = "provider_name")]
    pub name: String,
    /// The address for questions.
    #[serde(rename = "contact_email")]
    pub email: String,
    /// The address of the site.
    #[serde(rename = "website_url")]
    pub website: String,
    /// Street and house number.
    #[serde(rename = "address_street")]
    pub street: String,
    /// City.
    #[serde(rename = "address_city")]
    pub city: String,
    /// Postal code.
    #[serde(rename = "address_postal_code")]
    pub postal_code: String,
    /// Country, as it is written on letters.
    #[serde(rename = "address_country")]
    pub country: String,
    /// The bank to which unpaid invoices are paid.
    pub bank_name: String,
    /// The account there.
    #[serde(rename = "bank_iban")]
    pub iban: String,
    /// The bank's code.
    #[serde(rename = "bank_bic")]
    pub bic: String,
    /// Tax or VAT number.
    pub tax_number: String,
}

impl Seller {
    /// The seller as the settings say now.
    pub async fn load(connection: &mut PgConnection) -> Result<Self> {
        let seller = sqlx::query_scalar!(r#"SELECT billing_seller() AS "seller!: Json<Seller>""#)
            .fetch_one(&mut *connection)
            .await?;
        Ok(seller.0)
    }

    /// The address in one line, without what is not known.
    pub fn address(&self) -> String {
        let city = join([&self.postal_code, &self.city], " ");
        join([&self.street, &city, &self.country], ", ")
    }
}

/// The buyer. What is not known is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Buyer {
    /// The person.
    pub name: String,
    /// Where mail reaches them.
    pub email: String,
    /// Whether they may still sign in, and so are written to.
    pub is_active: bool,
    /// Company, if they buy for one.
    pub company: String,
    /// Street and city, a line each.
    pub address: Vec<String>,
    /// Country, as it is written on letters.
    pub country: String,
    /// Tax or VAT number.
    pub tax_number: String,
}

impl Buyer {
    /// How a letter addresses them: the person, else the company.
    pub fn addressee(&self) -> &str {
        if self.name.is_empty() { &self.company } else { &self.name }
    }
}

/// The texts that are not empty, with something between them.
pub(super) fn join<'a>(texts: impl IntoIterator<Item = &'a String>, between: &str) -> String {
    let texts: Vec<&str> =
        texts.into_iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
    texts.join(between)
}
