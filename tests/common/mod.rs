//! A station over virtual nests, through real PTYs, faster than real time.
use flashjig::flow::Pace;
use flashjig::jig::air::Air;
use flashjig::model::chip::Chip;
use flashjig::model::unit::Unit;
use flashjig::model::unit::event::{Event, Stamped};
use flashjig::sim::bench::NestSpec;
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::sim::faults::{Ailment, Fault};
use flashjig::sim::hand::{Hand, Stats};
use flashjig::sim::plug::home::Home;
use flashjig::sim::radio::VirtualRadio;
use flashjig::station::listen::Listener;
use flashjig::station::{Library, Order, SlotPlan, Station, StationHandle};
use flashjig::wiring;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;

/// How much faster than the world the boards are.
pub const SPEED: f64 = 40.0;

/// No state or event is waited for longer, also on a loaded machine.
const LONG: Duration = Duration::from_secs(120);

/// A stock board with little code, whose firmware lives as it should, or not.
pub fn living(chip: Chip, unit: u32, ailment: Option<Ailment>) -> BoardSpec {
    let mut board = BoardSpec::new(chip, factory::small_stock(chip, unit, 0x1_0000));
    board.faults.faults.extend(ailment.map(Fault::Life));
    board
}

/// A station with its virtual hands.
pub struct Rig {
    pub station: Station,
    pub handle: StationHandle,
    pub hands: Vec<Hand>,
    pub dir: TempDir,
}

/// What came out of one unit.
pub struct Outcome {
    pub unit: Unit,
    pub flash: Vec<u8>,
    pub stats: Stats,
}

impl Outcome {
    /// What a proof of life that surprises has to say.
    pub fn told(&self) -> String {
        let Unit { fault, life, board_log, .. } = &self.unit;
        format!("{fault:?}, life {life:?}, log {board_log:?}")
    }
}

pub fn quick() -> Pace {
    Pace {
        settle: Duration::from_millis(2),
        decay: Duration::from_millis(10),
        rise: Duration::from_millis(5),
        pulse: Duration::from_millis(10),
        patience: Duration::from_secs(5),
        good_start: Duration::from_secs(6).div_f64(SPEED),
        restart: Pace::RESTART.div_f64(SPEED),
        ..Pace::default()
    }
}

impl Rig {
    /// A station with `slots` virtual nests and these files in its firmware folder.
    pub fn new(slots: usize, files: &[(&str, &[u8])]) -> Self {
        Self::with(slots, files, |_| {})
    }

    /// The same, with a hook that may add files to the data folder first.
    pub fn with(slots: usize, files: &[(&str, &[u8])], prepare: impl FnOnce(&Path)) -> Self {
        Self::made(slots, files, 0, prepare)
    }

    /// The same with slots that ask for attention after so many failures in a row.
    pub fn stopping(slots: usize, files: &[(&str, &[u8])], stop_after: u32) -> Self {
        Self::made(slots, files, stop_after, |_| {})
    }

    /// One slot whose board hangs on a pipe in place of a PTY.
    pub fn piped(files: &[(&str, &[u8])]) -> Self {
        let spec = NestSpec { speed: SPEED, ..NestSpec::default() };
        let slot = wiring::piped_slot(&slot_name(0), spec, quick()).unwrap();
        Self::over(vec![slot], files, |_| {})
    }

    fn made(slots: usize, files: &[(&str, &[u8])], stop_after: u32, prepare: impl FnOnce(&Path)) -> Self {
        let slot = |number: usize| {
            let spec = NestSpec { speed: SPEED, seed: number as u64, ..NestSpec::default() };
            let (mut plan, hand) = wiring::virtual_slot(&slot_name(number), spec, quick()).unwrap();
            plan.stop_after = stop_after;
            (plan, hand)
        };
        Self::over((0..slots).map(slot).collect(), files, prepare)
    }

    /// A station whose boards live in this network once their firmware starts; each slot hears their log, and has the radio
    /// in turn.
    pub fn alive(slots: usize, files: &[(&str, &[u8])], home: &Home, prepare: impl FnOnce(&Path)) -> Self {
        Self::alive_with(slots, files, home, |_| {}, prepare)
    }

    /// The same with slots that have something besides.
    pub fn alive_with(
        slots: usize,
        files: &[(&str, &[u8])],
        home: &Home,
        more: impl Fn(&mut SlotPlan),
        prepare: impl FnOnce(&Path),
    ) -> Self {
        let air = Air::new(Arc::new(VirtualRadio::new(home.air.clone())));
        let slot = |number: usize| {
            let spec = NestSpec { speed: SPEED, seed: number as u64, ..NestSpec::default() };
            let (mut plan, hand) = wiring::virtual_slot(&slot_name(number), spec, quick()).unwrap();
            plan.air = Some(air.clone());
            plan.log = Some(Listener::new(hand.enliven(home.clone())));
            plan.plug_port = home.port;
            more(&mut plan);
            (plan, hand)
        };
        Self::over((0..slots).map(slot).collect(), files, prepare)
    }

    /// A station over these slots.
    pub fn over(slots: Vec<(SlotPlan, Hand)>, files: &[(&str, &[u8])], prepare: impl FnOnce(&Path)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let firmware = dir.path().join("firmware");
        std::fs::create_dir_all(&firmware).unwrap();
        for (name, bytes) in files {
            std::fs::write(firmware.join(name), bytes).unwrap();
        }
        prepare(dir.path());
        let (ledger, archive) = wiring::stores(dir.path()).unwrap();
        let (plans, hands) = slots.into_iter().unzip();
        let media = dir.path().join("media");
        let library = Library::open(dir.path(), &firmware, "default").with_usb(Some(&media));
        let station = wiring::start(wiring::facts("test", None), library, ledger, archive, plans);
        let handle = station.handle();
        Self { station, handle, hands, dir }
    }

    /// Drops a board into a slot, presses its button and waits for the verdict.
    pub async fn convert(&self, slot: usize, board: BoardSpec) -> Outcome {
        let events = self.handle.events();
        self.hands[slot].insert(board);
        self.hands[slot].press();
        self.outcome(slot, events).await
    }

    /// The same by an order instead of the button.
    pub async fn run(&self, slot: usize, board: BoardSpec, order: Order) -> Outcome {
        let events = self.handle.events();
        self.hands[slot].insert(board);
        self.handle.order(&slot_name(slot), order).await.unwrap();
        self.outcome(slot, events).await
    }

    /// Waits until the state is so; a state that never comes is a failure, and it is told which one there is.
    pub async fn until(&self, so: impl Fn() -> bool) {
        let mut state = self.handle.watch();
        let waited = async {
            while !so() {
                state.changed().await.unwrap();
            }
        };
        let came = timeout(LONG, waited).await;
        assert!(came.is_ok(), "within {LONG:?} the state did not come to be so: {:?}", self.handle.snapshot());
    }

    async fn outcome(&self, slot: usize, mut events: Receiver<Arc<Stamped>>) -> Outcome {
        let name = slot_name(slot);
        let seq = loop {
            let stamped = timeout(LONG, events.recv()).await.expect("the unit goes on").unwrap();
            if let (true, Event::Finished { seq, .. }) = (stamped.slot == name, &stamped.event) {
                break seq.expect("the unit is recorded");
            }
        };
        let unit = self.handle.unit(seq).await.unwrap().expect("the record is there");
        let (flash, stats) = self.hands[slot].remove().expect("the board is still in");
        Outcome { unit, flash, stats }
    }

    /// The stock flash that was kept for a unit.
    pub async fn backup(&self, unit: &Unit) -> Vec<u8> {
        let digest = unit.backup.as_ref().expect("a backup").sha256;
        self.handle.backup(digest).await.unwrap()
    }
}

pub fn slot_name(number: usize) -> String {
    char::from(b'A' + number as u8).to_string()
}

/// `stock` with the application replaced: what a converted board must hold.
pub fn replaced(stock: &[u8], app: &[u8]) -> Vec<u8> {
    let (start, end) = (0x1_1000, 0x1_1000 + app.len());
    let mut flash = stock.to_vec();
    flash[start..end].copy_from_slice(app);
    let sector_end = end.next_multiple_of(0x1000);
    flash[end..sector_end].fill(0xFF);
    flash
}
