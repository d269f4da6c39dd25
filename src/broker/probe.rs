//! Whether a broker is there and takes us, for those who look once.

use super::session::Session;
use super::target::Broker;
use super::why::Why;
use std::time::Duration;
use tokio::runtime::Builder;

/// It takes its leave within this time.
const LEAVE: Duration = Duration::from_secs(1);

/// Connects and takes its leave. It blocks: call it where that is allowed.
pub fn probe(broker: &Broker, id: &str) -> Result<(), Why> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| {
        Why::new(format!("this machine gives no means to look: {error}"), "end what takes its files and threads")
    })?;
    runtime.block_on(async {
        Session::open(broker, id, None).await?.close(LEAVE).await;
        Ok(())
    })
}
