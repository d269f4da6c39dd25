//! Reports of good and bad jigs.

use super::report::{Fact, Rate, Report, State, Step};
use super::{check, known, steps};
use crate::cli::jig_test::figures::Figures;
use crate::cli::jig_test::figures::tests::figures as good_figures;
use crate::cli::jig_test::question::{Moment, Points, Question};
use crate::config;
use jiff::Timestamp;
use std::path::Path;

/// What a case changes in a good report.
type Change<'a> = &'a dyn Fn(&mut Report);

fn figures() -> Figures {
    Figures { baud: 921_600, read_ms: 800, ..good_figures() }
}

fn good() -> Report {
    let machine = vec![
        Fact { subject: "machine".into(), level: "ok".into(), found: "Raspberry Pi 4 Model B Rev 1.4".into() },
        Fact { subject: "power".into(), level: "warning".into(), found: "it was too low once".into() },
    ];
    let rates = [100_000, 115_200, 460_800, 921_600].map(|baud| Rate { baud, wrong: None }).to_vec();
    let step = Step::new;
    Report {
        v: 1,
        program: "0.1.0".into(),
        taken: Timestamp::UNIX_EPOCH,
        slot: vec!["slot A: port /dev/ttyAMA0, lines gpio".into()],
        steps: vec![
            Step { machine, ..step("machine") }.made(Vec::new()),
            step("lines").made(Vec::new()),
            Step { rates, ..step("loopback") }.made(Vec::new()),
            Step { golden: vec![figures(); 10], ..step("golden") }.made(Vec::new()),
            step("cut").skipped("the operator left it out"),
        ],
    }
}

#[test]
fn a_good_jig_has_no_fault_and_the_steps_that_are_left_are_named() {
    assert_eq!(check::judge(&good()), [""; 0]);
    let open: Vec<String> =
        check::open(&good()).iter().map(|line| line.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(open, ["rest", "phantom", "convert", "cut"]);
}

#[test]
fn a_report_reads_like_this() {
    let mut report = good();
    report.steps[1] = Step::new("lines").made(vec!["TX does not reach the nest: check its wire".into()]);
    report.steps[2].rates[3].wrong = Some("byte 300: expected 0x2c, found 0x3c".into());
    report.steps[3].golden.truncate(1);
    insta::assert_snapshot!(report.text(|name| steps::of(name).map(|kind| kind.title)), @r"
    flashjig 0.1.0, bring-up of 1970-01-01T00:00:00Z

      slot A: port /dev/ttyAMA0, lines gpio

    ok       machine: the computer, its ports and what is permitted
               ok machine: Raspberry Pi 4 Model B Rev 1.4
               warning power: it was too low once

    FAULT    lines: each line, lamp, input, the panel and the supply
             ! TX does not reach the nest: check its wire

    ok       loopback: bytes round a jumper from TX to RX of the nest, at each rate
               100000 baud: clean
               115200 baud: clean
               460800 baud: clean
               921600 baud: byte 300: expected 0x2c, found 0x3c

    ok       golden: ten runs over a good board: attached, identified, read; nothing is written
               BK7231T, 2048 KiB; link 40 ms after CEN, 921600 baud, CRC of all 1000 ms, 64 KiB read in 800 ms, 0 damaged replies

    skipped  cut: the power of the computer is pulled in the middle of writing, and the board goes on
               the operator left it out
    ");
}

#[test]
fn figures_that_no_good_jig_has_are_faults_also_where_the_run_called_them_well() {
    let judged = |change: &dyn Fn(&mut Report)| -> String {
        let mut report = good();
        change(&mut report);
        check::judge(&report).join("\n")
    };
    let cases: [(Change<'_>, &str); 7] = [
        (&|r| r.steps[0].machine[1].level = "fault".into(), "machine: power: it was too low once"),
        (&|r| r.steps[2].rates[2..].iter_mut().for_each(|rate| rate.wrong = Some("x".into())), "found 115200 baud"),
        (&|r| r.steps[3].golden[4].link_ms = 1900, "golden: 1 runs linked later than 1000 ms"),
        (&|r| r.steps[3].golden[4].flash = "cd".into(), "golden: the runs saw 2 different flashes"),
        (&|r| r.steps[3].golden.truncate(3), "expected 10 runs, found 3"),
        (&|r| r.steps[1] = Step::new("lines").made(vec!["CEN is not held".into()]), "lines: CEN is not held"),
        (&|r| r.v = 2, "expected a report of version 1 or older, found 2"),
    ];
    for (change, says) in cases {
        assert!(judged(change).contains(says), "{says}: {}", judged(change));
    }
}

#[test]
fn a_step_replaces_its_older_one_and_the_report_comes_back_as_it_was() {
    let mut report = good();
    report.put(Step::new("rest").made(vec!["3V3 was on".into()]), steps::place);
    report.put(Step::new("lines").skipped("later"), steps::place);
    let names: Vec<(&str, State)> = report.steps.iter().map(|step| (step.name.as_str(), step.state)).collect();
    assert_eq!(
        names,
        [
            ("machine", State::Ok),
            ("rest", State::Fault),
            ("lines", State::Skipped),
            ("loopback", State::Ok),
            ("golden", State::Ok),
            ("cut", State::Skipped)
        ]
    );
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    assert!(known("lines").is_ok() && known("line").unwrap_err().contains("rest"));
}

#[test]
fn only_where_a_buffer_cuts_tx_off_must_rx_of_the_board_be_without_voltage_while_nobody_runs_the_jig() {
    let slot = |park: &str| {
        let text = format!(
            "[station]\ndata_dir = \"/d\"\n[[slot]]\nname = \"A\"\nuart = \"/dev/flashjig/gpio14\"\nlines = {{ kind = \"gpio\", power = {{ pin = 17 }}, reset = {{ pin = 27 }}{park} }}\n"
        );
        config::parse(Path::new("f.toml"), &text).unwrap().0.slots.remove(0)
    };
    assert_eq!(super::run::points(&slot(", park = { pin = 22 }")), Points::SupplyAndTx);
    assert_eq!(super::run::points(&slot(", park = { tx = 14 }")), Points::Supply);
    assert_eq!(super::run::points(&slot("")), Points::Supply);
    let asked = |points| Question::Rest(Moment::Off, points).to_string();
    assert_eq!(asked(Points::Supply), "after `sudo poweroff`, with its plug in: did 3V3 of the nest stay below 0.3 V?");
    assert!(asked(Points::SupplyAndTx).contains("3V3 and RX1"));
}
