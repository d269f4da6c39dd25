use super::chip::{Chip, Fate};
use crate::model::chip::beken::{Command, Dialect};
use std::time::Duration;
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn an_l_boot_hears_from_us_at_least_every_100_ms_while_the_host_works() {
    let (mut link, log) = Chip::new(Dialect::TuyaBoot).linked();
    link.link_check().await.unwrap();
    let work = async {
        sleep(SECOND).await;
        7
    };
    assert_eq!(link.keep_awake(work).await.unwrap(), 7);
    link.link_check().await.unwrap();
    let times = log.timed();
    assert!(times.len() >= 12, "{}", times.len());
    for pair in times.windows(2) {
        assert!(pair[1].0 - pair[0].0 <= Duration::from_millis(100));
    }
    assert_eq!(link.stats().errors, 0);
}

#[tokio::test(start_paused = true)]
async fn a_rom_needs_no_company() {
    let (mut link, log) = Chip::new(Dialect::Rom).linked();
    link.keep_awake(sleep(SECOND)).await.unwrap();
    assert!(log.commands().is_empty());
}

#[tokio::test(start_paused = true)]
async fn work_that_ends_in_the_middle_of_a_link_check_leaves_no_reply_behind() {
    for ms in 58..64 {
        let (mut link, _) = Chip::new(Dialect::BekenBoot).linked();
        link.link_check().await.unwrap();
        link.keep_awake(sleep(Duration::from_millis(ms))).await.unwrap();
        link.link_check().await.unwrap();
        assert_eq!(link.stats().errors, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_work_is_finished_even_when_the_link_is_lost() {
    let (mut link, _) = Chip::new(Dialect::TuyaBoot).hook(|_| Fate::Lost).linked();
    let mut finished = false;
    let lost = link
        .keep_awake(async {
            sleep(20 * SECOND).await;
            finished = true;
        })
        .await;
    assert!(lost.is_err());
    assert!(finished);
}

#[tokio::test(start_paused = true)]
async fn a_reboot_is_sent_once_and_the_port_is_at_the_first_rate_again() {
    let (mut link, log) = Chip::new(Dialect::TuyaBoot).linked();
    link.raise(&[921_600]).await.unwrap();
    link.reboot().await.unwrap();
    assert_eq!(link.stats().baud, 115_200);
    assert_eq!(log.count(|c| *c == Command::Reboot), 1);
}
