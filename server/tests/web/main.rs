//! The web layer through the whole router, on a database of its own for each test.

#[cfg(test)]
mod account;
#[cfg(test)]
mod admin;
#[cfg(test)]
mod admin_lists;
#[cfg(test)]
mod companies;
#[cfg(test)]
mod database_down;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod desk_strangers;
#[cfg(test)]
mod form_flash;
#[cfg(test)]
mod headers;
#[cfg(test)]
mod hotel_subscriptions;
#[cfg(test)]
mod idempotency;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod live;
#[cfg(test)]
mod model;
#[cfg(test)]
mod origin;
#[cfg(test)]
mod other_providers;
#[cfg(test)]
mod reception_desk;
#[cfg(test)]
mod rest;
#[cfg(test)]
mod rest_strangers;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod stripe;
#[cfg(test)]
mod stripe_follows;
#[cfg(test)]
mod stripe_late;
#[cfg(test)]
mod stripe_money;
#[cfg(test)]
mod stripe_orders;
#[cfg(test)]
mod stripe_slow;
#[cfg(test)]
mod stripe_told;
#[cfg(test)]
mod stripe_void;
#[cfg(test)]
mod support;
#[cfg(test)]
mod v1;
#[cfg(test)]
mod v1_admin;
#[cfg(test)]
mod v1_admin_catalogue;
#[cfg(test)]
mod v1_admin_sales;
#[cfg(test)]
mod v1_admin_settings;
#[cfg(test)]
mod v1_admin_users;
#[cfg(test)]
mod v1_answers;
#[cfg(test)]
mod v1_chat;
#[cfg(test)]
mod v1_events;
#[cfg(test)]
mod v1_plugins;
#[cfg(test)]
mod v1_taro;
#[cfg(test)]
mod v1_webhooks;
