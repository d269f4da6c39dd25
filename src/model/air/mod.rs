//! A radio of the station: whether it may be lent to a plug's own access point, and what must be the same afterwards.
//!
//! | module | what |
//! |---|---|
//! | [`routes`] | the kernel's routes: where the station's own ways lead |
//! | [`radio`] | a Wi-Fi device, and why it may not be used |
//! | [`kept`] | the station's own connections before and after |

pub mod kept;
pub mod radio;
pub mod routes;
