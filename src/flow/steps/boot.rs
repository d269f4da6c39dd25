//! Boot: starts the new firmware. On most chips the line falls silent with that, and all that can be seen here is that the boot
//! loader has let go; where a chip prints its log on the flashing port, what is heard there is told. The verdict does not
//! hang on it. Whether it lives is seen in [`super::alive`].

use crate::flow::run::Run;
use crate::flow::stage_error::StageError;
use crate::model::chip::LogPort;
use crate::model::cycle::Outcome;
use crate::model::openbeken::life::BootLog;
use std::time::Duration;
use tokio::time::Instant;

/// Beken's boot loader announces itself and jumps within some 50 ms of a reset; its text takes 20 ms.
const LISTEN: Duration = Duration::from_millis(500);
/// Bytes that are listened to: an application that tells all it does would go on for ever.
const MOST: usize = 8 * 1024;

/// Starts the firmware.
pub(super) async fn boot(run: &mut Run<'_>) -> Result<Outcome, StageError> {
    super::alive::watch::starts(run);
    run.link()?.reboot().await?;
    if run.board()?.chip.facts().log == LogPort::Uart1 {
        // a port that fails now says nothing of the board
        if let Ok(said) = run.link()?.overhear(Instant::now() + LISTEN, MOST).await {
            run.checks.held("boot_text", told(&said));
        }
    }
    Ok(Outcome::Done)
}

/// What was heard, in words that are known: none of the board's own text is kept.
fn told(said: &[u8]) -> String {
    let mut log = BootLog::default();
    log.hear(said);
    let heard = log.heard();
    let loader = (heard.loaders > 0).then_some("Beken's boot loader announced itself");
    let version =
        heard.name.as_ref().zip(heard.version.as_ref()).map(|(name, version)| format!("{name} {version} began"));
    match (loader, version, said.len()) {
        (_, Some(version), _) => version,
        (Some(loader), None, _) => loader.to_owned(),
        (None, None, 0) => "silence: what the maker's boot loader prints, and where, is not known".to_owned(),
        (None, None, bytes) => format!("{bytes} bytes, none that is known"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_heard_is_told_in_known_words_alone() {
        assert!(told(b"").starts_with("silence"));
        assert_eq!(told(b"bk7238 app_start_addr:0x11000 ssid=attic\r\n"), "42 bytes, none that is known");
        let banner = "\r\nBK7238_1.0.15\r\nFal(V0.4.0)success\r\ngo os_addr(0x10000)\r\n";
        assert_eq!(told(banner.as_bytes()), "Beken's boot loader announced itself");
        let app = format!("{banner}OpenBK7238, version 1.18.300\r\n");
        assert_eq!(told(app.as_bytes()), "OpenBK7238 1.18.300 began");
    }
}
