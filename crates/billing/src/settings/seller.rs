//! Who sells: the name, address and bank that invoices and pages show, and what customers agree to.

use domain::access::AdminPermit;
use domain::problem::optional_email;
use platform::database::Transaction;
use serde_json::json;
use uuid::Uuid;

use crate::payments::record;
use crate::{Billing, Error, Result, input};

/// The longest terms.
const TERMS: usize = 200_000;

/// Who sells. Texts are empty where nothing was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seller {
    /// The name.
    pub provider_name: String,
    /// Where customers write to.
    pub contact_email: String,
    /// The address of the site.
    pub website_url: String,
    /// Tax or VAT number.
    pub tax_number: String,
    /// Further addresses.
    pub other_links: String,
    /// Street and house number.
    pub address_street: String,
    /// City.
    pub address_city: String,
    /// Postal code.
    pub address_postal_code: String,
    /// Country.
    pub address_country: String,
    /// The bank.
    pub bank_name: String,
    /// The number of the account (IBAN).
    pub bank_iban: String,
    /// The bank's code (BIC).
    pub bank_bic: String,
    /// What stands above the terms.
    pub terms_title: String,
    /// What customers agree to.
    pub terms_content: String,
    /// Counts changes.
    pub version: i32,
}

/// What changes; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct SellerChange {
    /// The name.
    pub provider_name: Option<String>,
    /// Where customers write to.
    pub contact_email: Option<String>,
    /// The address of the site.
    pub website_url: Option<String>,
    /// Tax or VAT number.
    pub tax_number: Option<String>,
    /// Further addresses.
    pub other_links: Option<String>,
    /// Street and house number.
    pub address_street: Option<String>,
    /// City.
    pub address_city: Option<String>,
    /// Postal code.
    pub address_postal_code: Option<String>,
    /// Country.
    pub address_country: Option<String>,
    /// The bank.
    pub bank_name: Option<String>,
    /// The number of the account (IBAN).
    pub bank_iban: Option<String>,
    /// The bank's code (BIC).
    pub bank_bic: Option<String>,
    /// What stands above the terms.
    pub terms_title: Option<String>,
    /// What customers agree to.
    pub terms_content: Option<String>,
    /// The version that was read; another one is [`Error::ChangedMeanwhile`].
    pub version: Option<i32>,
}

impl Seller {
    fn changed(mut self, change: SellerChange) -> Result<Self> {
        let email = change.contact_email.as_deref().map(optional_email).transpose();
        let email = email.map_err(|code| input::invalid("contact_email", code))?;
        let fields: [(&str, &mut String, Option<String>, usize); 14] = [
            ("provider_name", &mut self.provider_name, change.provider_name, 255),
            ("contact_email", &mut self.contact_email, email.map(Option::unwrap_or_default), 255),
            ("website_url", &mut self.website_url, change.website_url, 500),
            ("tax_number", &mut self.tax_number, change.tax_number, 100),
            ("other_links", &mut self.other_links, change.other_links, 2_000),
            ("address_street", &mut self.address_street, change.address_street, 255),
            ("address_city", &mut self.address_city, change.address_city, 100),
            ("address_postal_code", &mut self.address_postal_code, change.address_postal_code, 20),
            ("address_country", &mut self.address_country, change.address_country, 100),
            ("bank_name", &mut self.bank_name, change.bank_name, 255),
            ("bank_iban", &mut self.bank_iban, change.bank_iban, 42),
            ("bank_bic", &mut self.bank_bic, change.bank_bic, 11),
            ("terms_title", &mut self.terms_title, change.terms_title, 255),
            ("terms_content", &mut self.terms_content, change.terms_content, TERMS),
        ];
        for (field, place, given, max) in fields {
            if let Some(given) = given {
                *place = input::text(field, &given, max)?;
            }
        }
        Ok(self)
    }
}

impl Billing {
    /// Who sells, for pages and invoices.
    pub async fn seller(&self) -> Result<Seller> {
        let mut transaction = self.begin_public().await?;
        let seller = load(&mut transaction).await?;
        transaction.commit().await?;
        Ok(seller)
    }

    /// Changes who sells.
    pub async fn change_seller(&self, permit: AdminPermit<'_>, change: SellerChange) -> Result<Seller> {
        let now = self.clock.now();
        let mut transaction = self.database.begin_admin(&permit).await?;
        sqlx::query!("SELECT FROM seller_settings FOR NO KEY UPDATE").execute(&mut *transaction).await?;
        let before = load(&mut transaction).await?;
        input::refuse_stale(change.version, before.version)?;
        let seller = before.changed(change)?;
        sqlx::query!(
            "UPDATE seller_settings
             SET provider_name = $1, contact_email = $2, website_url = $3, other_links = $4, address_street = $5, address_city = $6,
                 address_postal_code = $7, address_country = $8, bank_name = $9, bank_iban = $10, bank_bic = $11, terms_title = $12,
                 terms_content = $13, updated_at = $14, tax_number = $15",
            seller.provider_name,
            seller.contact_email,
            seller.website_url,
            seller.other_links,
            seller.address_street,
            seller.address_city,
            seller.address_postal_code,
            seller.address_country,
            seller.bank_name,
            seller.bank_iban,
            seller.bank_bic,
            seller.terms_title,
            seller.terms_content,
            now,
            seller.tax_number,
        )
        .execute(&mut *transaction)
        .await?;
        let facts = json!({ "provider_name": seller.provider_name, "bank_iban": seller.bank_iban });
        record(&mut transaction, permit, "settings.changed", Uuid::nil(), facts, now).await?;
        let changed = load(&mut transaction).await?;
        transaction.commit().await?;
        Ok(changed)
    }
}

async fn load(transaction: &mut Transaction) -> Result<Seller> {
    sqlx::query_as!(
        Seller,
        "SELECT provider_name, contact_email, website_url, other_links, address_street, address_city, address_postal_code, address_country,
                bank_name, bank_iban, bank_bic, tax_number, terms_title, terms_content, version
         FROM seller_settings",
    )
    .fetch_optional(&mut **transaction)
    .await?
    .ok_or_else(|| Error::Inconsistent("no seller".to_owned()))
}
