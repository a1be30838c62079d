//! Purchases, subscriptions, refunds and tokens on a real Postgres, each test on a database of its own.

#[cfg(test)]
mod buying;
#[cfg(test)]
mod counting;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod features;
#[cfg(test)]
mod keeping;
#[cfg(test)]
mod mails;
#[cfg(test)]
mod managing;
#[cfg(test)]
mod racing;
#[cfg(test)]
mod refunding;
#[cfg(test)]
mod reminding;
#[cfg(test)]
mod subscribing;
#[cfg(test)]
mod support;
#[cfg(test)]
mod telling;
