//! The board's own log on a second serial port, a PTY: its last lines are in the record, told before the unit ends, and
//! hold no credential of the flash or of the recipe.

use crate::common::{Rig, SPEED, quick};
use flashjig::hw::serial::SerialSource;
use flashjig::model::chip::Chip;
use flashjig::model::cycle::stage::Stage;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::unit::Unit;
use flashjig::model::unit::event::Event;
use flashjig::sim::bench::NestSpec;
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::station::listen::Listener;
use flashjig::wiring;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::Permissions;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

const RECIPE: &str = "[openbeken]\nconfigure = \"flash\"\npins = \"tuya\"\n\
    [openbeken.wifi]\nssid = \"attic\"\npassword_file = \"wifi.secret\"\n";

fn pty() -> (OwnedFd, String) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    (master, path)
}

/// One unit whose board says this while its flash is written, to the port at `uart`; its record, and what was told.
async fn unit(uart: &str, say: impl FnOnce()) -> (Unit, Vec<Event>) {
    let spec = NestSpec { speed: SPEED, ..NestSpec::default() };
    let (mut plan, hand) = wiring::virtual_slot("A", spec, quick()).unwrap();
    plan.log = Some(Listener::new(Arc::new(SerialSource::new(uart))));
    let (name, file) = factory::demo_image(Chip::Bk7231T, "1.18.300");
    let rig = Rig::over(vec![(plan, hand)], &[(&name, &file)], |folder| {
        std::fs::create_dir_all(folder.join("recipes")).unwrap();
        std::fs::write(folder.join("recipes/default.toml"), RECIPE).unwrap();
        let secret = folder.join("recipes/wifi.secret");
        std::fs::write(&secret, "correct horse").unwrap();
        std::fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
    });
    let mut events = rig.handle.events();
    rig.hands[0].insert(BoardSpec::new(Chip::Bk7231T, factory::stock(Chip::Bk7231T, 1)));
    rig.hands[0].press();
    let (mut told, mut say) = (Vec::new(), Some(say));
    let seq = loop {
        let event = events.recv().await.unwrap().event.clone();
        if (Event::Entered { stage: Stage::Write }) == event
            && let Some(say) = say.take()
        {
            say();
        }
        told.push(event.clone());
        if let Event::Finished { seq, .. } = event {
            break seq.unwrap();
        }
    };
    let unit = rig.handle.unit(seq).await.unwrap().unwrap();
    rig.station.stop().await;
    (unit, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn its_last_lines_are_in_the_record_without_a_credential() {
    let (master, path) = pty();
    let (unit, told) = unit(&path, || {
        let said = b"V:BK7231S_1.0.5\r\nJ 0x10000\r\njoining virtual home\r\nsent made-up-1\r\nSSID: attic\r\n\
                     as correct horse\r\nInfo:MAIN:Time 1, idle 99/s\r\nhalf a l";
        assert_eq!(rustix::io::write(&master, said).unwrap(), said.len());
    })
    .await;
    assert_eq!(unit.verdict, Verdict::Pass, "{:?}", unit.fault);
    let hidden = "<redacted>";
    let lines =
        ["V:BK7231S_1.0.5", "J 0x10000", hidden, hidden, hidden, hidden, "Info:MAIN:Time 1, idle 99/s", "half a l"];
    assert_eq!(unit.board_log, lines);
    assert!(told.contains(&Event::BoardLog { lines: unit.board_log }), "the faces hear of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_port_that_is_not_there_stops_no_unit() {
    let (unit, told) = unit("/dev/no-such-port", || {}).await;
    assert_eq!(unit.verdict, Verdict::Pass, "{:?}", unit.fault);
    assert!(unit.board_log.is_empty() && !told.iter().any(|event| matches!(event, Event::BoardLog { .. })));
}
