//! A virtual plug: what OpenBeken does once its board starts it. It reads its flash as the firmware would, prints its log on a
//! log line, joins the virtual network, says hello, and serves its interface in the firmware's manner.
//!
//! | file | what |
//! |---|---|
//! | [`home`] | the network that it finds, and who hears its hello |
//! | [`firmware`] | what its flash makes of it: application, configuration |
//! | [`script`] | what it says and does after its start, and when |
//! | [`life`] | follows a board through its starts |
//! | [`server`], [`console`] | its interface; the commands that it takes there |

pub(super) mod console;
pub mod firmware;
pub mod home;
pub(super) mod life;
pub(super) mod script;
pub(super) mod server;
