//! Code that the handlers share and that depends on none of them.

pub(super) mod accept;
pub(super) mod access;
pub(super) mod audit;
pub(super) mod background;
pub(super) mod body_stream;
pub(super) mod cacheable;
pub(super) mod certificates;
pub(super) mod conditional;
pub(super) mod context;
pub(super) mod csv;
pub(super) mod current_request;
pub(super) mod fields;
pub(super) mod html;
pub(super) mod input;
pub(super) mod last_check;
pub(super) mod measured_client;
pub(super) mod object_client;
pub(super) mod page;
pub mod ports;
pub(super) mod problem;
pub(super) mod rate_limits;
pub(super) mod residence;
pub(super) mod separated;
pub(super) mod session_cache;
pub(super) mod unreadable;
pub(super) mod view;
