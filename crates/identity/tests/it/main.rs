//! The use cases on a real Postgres, under the real roles.

#[cfg(test)]
mod audit;
#[cfg(test)]
mod companies;
#[cfg(test)]
mod expiry;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod profile;
#[cfg(test)]
mod registration;
#[cfg(test)]
mod reset;
#[cfg(test)]
mod row_security;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod staff;
#[cfg(test)]
mod staff_rules;
#[cfg(test)]
mod support;
#[cfg(test)]
mod telling;
#[cfg(test)]
mod tokens;
