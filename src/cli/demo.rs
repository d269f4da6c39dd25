//! `flashjig demo`.

mod boards;
mod lives;
mod operator;
mod plugs;

use super::faces::Front;
use super::signals::{self, Signals};
use crate::config::{self, Mqtt};
use crate::doctor::Doctor;
use crate::face::tail::Tail;
use crate::face::web::WebOptions;
use crate::fail::{Failure, NO};
use crate::flow::Pace;
use crate::jig::air::Air;
use crate::model::unit::UnitQuery;
use crate::model::unit::event::{Event, Stamped};
use crate::sim::bench::NestSpec;
use crate::sim::faults::Fault;
use crate::sim::hello::Oddity;
use crate::sim::panel::VirtualPanel;
use crate::sim::plug::home::Home;
use crate::sim::radio::{Ether, VirtualRadio};
use crate::station::listen::Listener;
use crate::station::{Library, StationHandle};
use crate::store::token;
use crate::wiring;
use boards::Boards;
use lives::Lives;
use operator::{Ended, Operator};
use plugs::Plugs;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::task::JoinSet;

/// Run the daemon on the virtual bench: boards are dropped in and converted.
///
/// Everything but the boards is real: serial ports (PTYs), session, backups, ledger, page. With --units it exits 0 when
/// all of them passed, else 1; without, it goes on until it is stopped.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Convert this many units and exit.
    #[arg(long, value_name = "N")]
    units: Option<u64>,
    /// Jigs that work at the same time.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16))]
    slots: u8,
    /// Address of the page; port 0 takes a free one [default: 127.0.0.1:8080, or a free port if that is taken].
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Ledger and backups.
    #[arg(long, value_name = "DIR", default_value = "flashjig-demo")]
    data_dir: PathBuf,
    /// Control needs the token (`flashjig token --data-dir DIR`) from this machine, too.
    #[arg(long)]
    locked: bool,
    /// How much faster than real boards the virtual ones are.
    #[arg(long, value_name = "X", default_value_t = operator::SPEED)]
    speed: f64,
    /// Firmware to use in place of the made-up one; may be given several times.
    #[arg(long, value_name = "FILE")]
    firmware: Vec<PathBuf>,
    /// Stock dumps to put on the boards, in turn, in place of the made-up ones; may be given several times.
    #[arg(long, value_name = "FILE")]
    stock: Vec<PathBuf>,
    /// Broker, such as mqtt://127.0.0.1:1883: the station tells it what it does, and each plug that passed says hello there.
    #[arg(long, value_name = "URL", value_parser = Mqtt::at)]
    broker: Option<Mqtt>,
    /// Every second board is one that does not live, each in another way: twenty units, ten of each kind.
    #[arg(long, requires = "broker", conflicts_with_all = ["plug", "fault"])]
    ailing: bool,
    /// Every third plug on the broker is so: silent, renamed, older or restless; may be given several times.
    #[arg(long, value_name = "WORD", hide = true)]
    plug: Vec<Oddity>,
    /// Every third board has this fault, such as `stuck 0x40000`; for tests of what shows faults.
    #[arg(long, value_name = "FAULT", hide = true)]
    fault: Vec<Fault>,
}

/// Name and password of the network that the virtual plugs find.
const HOME: (&str, &str) = ("demo", "");

/// Plugs that passed say hello within this time, or not at all.
const HELLOS: Duration = Duration::from_secs(15);

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let journal = super::journal::begin("warn");
    if !(args.speed >= 0.1 && args.speed <= 1000.0) {
        return Err(Failure::broken(format!("--speed: expected 0.1 to 1000, found {}", args.speed)));
    }
    signals::run(demo(args, journal))
}

/// The boards are converted whether somebody reads of it or not.
fn say(text: &str) {
    _ = super::out::say(text);
}

async fn demo(args: &Args, journal: Tail) -> Result<ExitCode, Failure> {
    let mut signals = Signals::new()?;
    let folder = tempfile::tempdir().map_err(|error| Failure::broken(format!("no temporary folder: {error}")))?;
    let (ledger, archive) = wiring::stores(&args.data_dir)?;
    let latest = ledger.query(UnitQuery { limit: Some(1), ..UnitQuery::default() }).await.map_err(Failure::broken)?;
    let first = latest.first().map_or(0, |unit| unit.seq as u32);
    let boards =
        Arc::new(Boards::new(&args.firmware, &args.stock, args.fault.clone(), args.ailing, folder.path(), first)?);
    let (mut slots, mut hands) = (Vec::new(), Vec::new());
    let ether = Ether::default();
    let air = Air::new(Arc::new(VirtualRadio::new(ether.clone())));
    for name in ('A'..).take(args.slots.into()).map(String::from) {
        let spec = NestSpec { speed: args.speed, seed: slots.len() as u64, ..NestSpec::default() };
        // the firmware of a board that is so much faster does all by itself so much earlier
        let usual = Pace::default();
        let good_start = usual.good_start.div_f64(args.speed);
        let pace = Pace { good_start, restart: Pace::RESTART.div_f64(args.speed), ..usual };
        let (mut slot, hand) = wiring::virtual_slot(&name, spec, pace)?;
        // its boards live: a recipe in the data folder may ask for their signs of life
        let mut home =
            Home::new(HOME.0, HOME.1).map_err(|error| Failure::broken(format!("no virtual network: {error}")))?;
        home.hears = args.broker.as_ref().map(plugs::in_the_jig);
        home.air = ether.clone();
        slot.air = Some(air.clone());
        slot.plug_port = home.port;
        slot.log = Some(Listener::new(hand.enliven(home)));
        slots.push(slot);
        hands.push((name, hand));
    }
    let front = match args.listen {
        Some(address) => Front::open(address)?,
        None => Front::open_usual()?,
    };
    let page = front.page();
    let recipe = match &args.broker {
        Some(broker) => recipes(args, broker)?,
        None => "default",
    };
    let library = Library::open(&args.data_dir, folder.path(), recipe);
    let station = wiring::start(wiring::facts("demo bench", Some(page.clone())), library, ledger, archive, slots);
    let handle = station.handle();
    let token = Some(token::ensure(&args.data_dir).map_err(Failure::broken)?);
    let doctor = Some(Arc::new(Doctor::new(None)));
    let options = WebOptions { token, local_is_free: !args.locked, journal, doctor, ..WebOptions::default() };
    let mut faces = front.serve(&handle, options, Some(Box::new(VirtualPanel::default())));
    if let Some(broker) = &args.broker {
        faces.on_broker(&handle, broker);
    }
    say(&format!("page      {page}"));
    let teller = tokio::spawn(tell(handle.events()));
    let next = Arc::new(AtomicU64::new(0));
    let wanted = args.units.or_else(|| args.ailing.then_some(lives::UNITS));
    let lives = args.ailing.then(|| Arc::new(Lives::of(handle.clone())));
    let mut operators = JoinSet::new();
    for (slot, hand) in hands {
        let (handle, boards, next) = (handle.clone(), Arc::clone(&boards), Arc::clone(&next));
        let limit = wanted.unwrap_or(u64::MAX);
        let (speed, plugs, lives) = (args.speed, Plugs { oddities: args.plug.clone() }, lives.clone());
        operators.spawn(Operator { slot, hand, handle, boards, next, limit, speed, plugs, lives }.run());
    }
    let whole = tokio::select! {
        ended = sum(&mut operators) => Some(ended),
        () = signals.next() => None,
    };
    if args.broker.is_some() && whole.is_some() {
        arrived(&handle).await;
        let limit = Some(usize::try_from(handle.snapshot().tally.total()).unwrap_or(0));
        let units = handle.units(UnitQuery { limit, ..UnitQuery::default() }).await.unwrap_or_default();
        let times = lives::times(&units, args.speed);
        if !times.is_empty() {
            say(&times);
        }
    }
    // the operators keep their hands until the station is down: a board must not vanish from under a unit
    faces.ending();
    station.stop().await;
    operators.shutdown().await;
    faces.stop().await;
    teller.abort();
    // a unit that was in flight has ended meanwhile: counted before, it would be missing
    let tally = handle.snapshot().tally;
    let Ended { passed, right } = whole.unwrap_or(Ended { passed: tally.pass, right: tally.pass });
    let of = wanted.unwrap_or_else(|| tally.total());
    if args.ailing {
        say(&format!("{right} of {of} units ended as they must: what lives passed, what does not has the right code"));
    }
    say(&format!("{passed} of {of} units passed; to list them: flashjig units --data-dir {}", args.data_dir.display()));
    let is_well = wanted.is_none() || if args.ailing { right == of } else { passed == of };
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::from(NO) })
}

/// Waits for the plugs that passed, and says how many came.
async fn arrived(handle: &StationHandle) {
    let roll = handle.services().roll();
    let all = async {
        loop {
            let count = roll.count(None);
            if count.awaited > 0 && count.arrived == count.awaited {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    _ = tokio::time::timeout(HELLOS, all).await;
    if let Some(line) = roll.count(None).line() {
        say(&line);
    }
}

/// The recipes that have each plug show its life, in the demo's own data folder: on this broker, or, where plugs that do not
/// live are shown, too, in an access point of its own. Gives the name of the first.
fn recipes(args: &Args, broker: &Mqtt) -> Result<&'static str, Failure> {
    // what shows no sign is waited for twice; the boards' seconds are as short as they are fast, the machine's are not
    let within = if args.ailing { (45.0 / args.speed).clamp(5.0, 45.0) } else { 45.0 };
    let proof = format!("within = \"{}ms\"\n", (within * 1000.0) as u64);
    let (host, port, (ssid, _)) = (&broker.host, broker.port, HOME);
    let head = "[openbeken]\nconfigure = \"flash\"\npins = \"none\"\nname = \"demo-{n:02}\"\n";
    let joined = format!(
        "{head}[openbeken.wifi]\nssid = \"{ssid}\"\n[openbeken.mqtt]\nhost = \"{host}\"\nport = {port}\ntopic = \"{{name}}\"\n\
         [proof]\nalive = [\"log\", \"broker\", \"http\"]\n{proof}"
    );
    let alone = format!("{head}[proof]\nalive = [\"log\", \"air\"]\n{proof}");
    for (name, text) in [(lives::JOINED, joined), (lives::ALONE, alone)] {
        let file = config::recipe::path(&args.data_dir, name);
        let written = file.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&file, text));
        written.map_err(|error| Failure::broken(format!("{}: can't be written: {error}", file.display())))?;
    }
    Ok(lives::JOINED)
}

async fn sum(operators: &mut JoinSet<Ended>) -> Ended {
    let mut sum = Ended::default();
    while let Some(done) = operators.join_next().await {
        let done = done.unwrap_or_default();
        sum = Ended { passed: sum.passed + done.passed, right: sum.right + done.right };
    }
    sum
}

/// A line for each unit that ends.
async fn tell(mut events: broadcast::Receiver<Arc<Stamped>>) {
    let mut boards = BTreeMap::new();
    loop {
        let stamped = match events.recv().await {
            Ok(stamped) => stamped,
            Err(broadcast::error::RecvError::Lagged(_)) => continue,
            Err(broadcast::error::RecvError::Closed) => return,
        };
        match &stamped.event {
            Event::Found { board } => _ = boards.insert(stamped.slot.clone(), board.clone()),
            Event::Finished { seq, verdict, fault, ms } => {
                let board = boards.remove(&stamped.slot);
                let chip = board.as_ref().map_or("?", |board| board.chip.name());
                let mac = board.as_ref().and_then(|board| board.mac).map_or_else(String::new, |mac| mac.to_string());
                let seq = seq.map_or_else(|| "-".into(), |seq| seq.to_string());
                let seconds = Duration::from_millis(*ms).as_secs_f64();
                let word = verdict.name().to_uppercase();
                say(&format!("unit {seq:>4}  slot {:<3} {chip:<8} {mac:<17}  {word:<5} {seconds:5.1} s", stamped.slot));
                if let Some(fault) = fault {
                    say(&format!("           {} in {}: {}", fault.code, fault.stage, fault.message));
                }
            }
            _ => {}
        }
    }
}
