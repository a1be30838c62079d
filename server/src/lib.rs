//! The composition root of Keyrack: configuration, router, REST API, worker and commands. The binary `keyrack` is
//! [`cli::run`]; everything is in a library so that tests can reach it.

pub mod api;
pub mod cli;
pub mod demo;
pub mod plugins;
pub mod problem;
pub mod serve;
pub mod state;
pub mod telemetry;
pub mod web;
