//! Three stations over virtual nests: for boards with much code, for boards with little, and for plugs that come out
//! configured; and what an operator does with a case.

use super::case::{CHIPS, Case, STAGES, Spans};
use super::judge::{Measure, Outcome, calibration, judge};
use super::plugs;
use super::table::{Row, Table};
use flashjig::flow::Pace;
use flashjig::model::chip::Chip;
use flashjig::model::chip::flash::rf;
use flashjig::model::cycle::stage::Stage;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::firmware::maker::CONTROL;
use flashjig::model::unit::deed::{By, Doer};
use flashjig::model::unit::{Unit, UnitQuery};
use flashjig::sim::bench::NestSpec;
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::sim::faults::FaultPlan;
use flashjig::sim::hand::Hand;
use flashjig::station::{Library, Order, Station, StationHandle};
use flashjig::wiring;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::Instant;

/// How much faster than the world the boards are. What is slower than this is the machine's own work.
const SPEED: f64 = 200.0;
/// A unit without a verdict after this long hangs. Even on a loaded machine a unit takes seconds.
const PATIENCE: Duration = Duration::from_secs(400);
/// Bytes of code of a small board and its image.
const LITTLE: usize = 0x1_0000;
/// A small stock application must still be long enough to pass for one.
const LITTLE_STOCK: usize = 0x2_8000;
/// Second boards have these numbers, and MACs.
const SECONDS: u32 = 0x10_0000;
/// The units of the rehearsal have these numbers, and MACs.
const REHEARSAL: u32 = 0x0F_0000;

struct Bench {
    station: Station,
    handle: StationHandle,
    hands: Vec<Hand>,
    dir: TempDir,
    images: HashMap<Chip, Vec<u8>>,
    stocks: HashMap<Chip, Vec<u8>>,
}

/// All stations.
pub struct Rig {
    small: Bench,
    full: Bench,
    plugs: Bench,
    rehearsed: Mutex<Vec<(Place, u64)>>,
}

/// One of the stations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// For boards with little code.
    Small,
    /// For boards with much code.
    Full,
    /// For plugs that come out configured.
    Plugs,
}

fn slot_name(slot: usize) -> String {
    format!("S{slot}")
}

fn pace() -> Pace {
    let ms = Duration::from_millis;
    Pace {
        settle: ms(1),
        decay: ms(5),
        rise: ms(2),
        pulse: ms(5),
        patience: Duration::from_secs(10),
        ..Pace::default()
    }
}

/// The word for the chip that needs one.
const ALLOW: &str = "allow = [\"BK7238\"]\n";

/// Files of the archive that are not forgotten.
const FIRST: usize = 12;

impl Bench {
    fn new(nests: usize, full: bool, recipe: &str) -> Self {
        // backups are synced to the disk: on a file system in memory that costs nothing
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        let (firmware, recipes) = (dir.path().join("firmware"), dir.path().join("recipes"));
        std::fs::create_dir_all(&firmware).unwrap();
        std::fs::create_dir_all(&recipes).unwrap();
        std::fs::write(recipes.join("default.toml"), recipe).unwrap();
        let (mut images, mut stocks) = (HashMap::new(), HashMap::new());
        for chip in CHIPS {
            let (name, image) = if full {
                factory::demo_image(chip, "1.18.300")
            } else {
                factory::demo_image_of(chip, "1.18.300", LITTLE)
            };
            std::fs::write(firmware.join(name), &image).unwrap();
            images.insert(chip, image);
            let stock = if full { factory::stock(chip, 0) } else { factory::small_stock(chip, 0, LITTLE_STOCK) };
            stocks.insert(chip, stock);
        }
        let (ledger, archive) = wiring::stores(dir.path()).unwrap();
        let (mut plans, mut hands) = (Vec::new(), Vec::new());
        for slot in 0..nests {
            let spec = NestSpec { speed: SPEED, seed: slot as u64, ..NestSpec::default() };
            let (plan, hand) = wiring::virtual_slot(&slot_name(slot), spec, pace()).unwrap();
            plans.push(plan);
            hands.push(hand);
        }
        let library = Library::open(dir.path(), &firmware, "default");
        let station = wiring::start(wiring::facts("campaign", None), library, ledger, archive, plans);
        let handle = station.handle();
        Self { station, handle, hands, dir, images, stocks }
    }

    fn stock(&self, chip: Chip, unit: u32) -> Vec<u8> {
        let mut stock = self.stocks[&chip].clone();
        factory::rename(&mut stock, chip, unit);
        stock
    }

    /// `stock` with the image in place: what a converted board must hold.
    fn converted(&self, chip: Chip, stock: &[u8]) -> Vec<u8> {
        let image = &self.images[&chip];
        let (start, end) = (0x1_1000, 0x1_1000 + image.len());
        let mut flash = stock.to_vec();
        flash[start..end].copy_from_slice(image);
        let sector_end = end.next_multiple_of(0x1000);
        flash[end..sector_end].fill(0xFF);
        if let Some(copy) = chip.calibration_copy() {
            let rf = calibration(chip);
            flash.copy_within(rf..rf + 0x1000, copy.start as usize);
            // nothing of the vendor's application is left behind the new one, and no word of an update
            flash[sector_end..chip.app_limit() as usize].fill(0xFF);
            let config = chip.facts().config_at as usize;
            if flash[config..].starts_with(&CONTROL) {
                flash[config..config + 0x1000].fill(0xFF);
            }
        }
        flash
    }

    /// What is wrong with the flash of a case, before its unit.
    fn spoil(&self, case: &Case, stock: &mut [u8]) {
        let chip = case.chip;
        let rf = calibration(chip);
        match case.kind {
            "placeholder" => stock[rf + 0x24..rf + 0x2A].copy_from_slice(&[0xC8, 0x47, 0x8C, 0, 0, 0]),
            // the MAC of a board of the rehearsal, with a calibration of its own
            "same-mac" => {
                factory::rename(stock, chip, REHEARSAL + u32::from(case.full) + 2 * u32::from(case.number % 4 > 1));
                stock[rf + 0x18] ^= 0x55;
            }
            "half" => {
                let image = &self.images[&chip];
                stock[0x1_1000..0x1_1000 + image.len()].fill(0xFF);
                let bytes = (case.at as usize * 0x1000).min(image.len());
                stock[0x1_1000..0x1_1000 + bytes].copy_from_slice(&image[..bytes]);
            }
            "orphan" => {
                let image = &self.images[&chip];
                stock[0x1_1000..0x1_1000 + image.len()].fill(0xFF);
                // less than any whole application has
                let bytes = (case.at as usize % 0x10 * 0x1000).min(image.len());
                stock[0x1_1000..0x1_1000 + bytes].copy_from_slice(&image[..bytes]);
            }
            "patch" => factory::put_old_patch(stock, chip),
            "update" => {
                factory::put_update(stock, chip, 1 + (case.at >> 8) as u8 % 3);
                if case.at.is_multiple_of(2) {
                    let at = chip.facts().config_at as usize;
                    stock.copy_within(at..at + 0x1000, at + 0x1000);
                    stock[at..at + 0x1000].fill(0xFF);
                }
            }
            "two-rf" => {
                let copy = chip.facts().calibration.working as usize;
                stock.copy_within(rf..rf + 0x1000, copy);
                stock[copy + 0x27..copy + 0x2A].copy_from_slice(&[0, 1, 2]);
            }
            _ => {}
        }
    }

    /// One unit from press to verdict; `while_it_runs` is called at every stage and may pull the board.
    async fn unit(&self, slot: usize, board: BoardSpec, mut watch: impl FnMut(&Hand, Stage)) -> Outcome {
        let name = slot_name(slot);
        let hand = &self.hands[slot];
        let mut state = self.handle.watch();
        let before = self.handle.snapshot().slot(&name).and_then(|slot| slot.last.as_ref()).and_then(|last| last.seq);
        hand.insert(board);
        self.handle.order(&name, Order::Start { redo: false }).await.expect("an idle slot");
        let end = Instant::now() + PATIENCE;
        let mut seen = None;
        let seq = loop {
            let view = state.borrow_and_update().slot(&name).cloned().expect("a slot");
            let last = view.last.and_then(|last| last.seq);
            if last != before {
                break last;
            }
            if view.stage != seen {
                seen = view.stage;
            }
            if let Some(stage) = seen {
                watch(hand, stage);
            }
            tokio::select! {
                changed = state.changed() => changed.expect("a station"),
                () = tokio::time::sleep(Duration::from_millis(2)) => {}
                () = tokio::time::sleep_until(end) => break None,
            }
        };
        let unit = match seq {
            Some(seq) => self.handle.unit(seq).await.expect("a ledger"),
            None => None,
        };
        let (safe, erases) = hand.safety().unwrap_or((true, 0));
        let kept = match unit.as_ref().and_then(|unit| unit.backup.as_ref()) {
            Some(backup) => self.handle.backup(backup.sha256).await.ok(),
            None => None,
        };
        if let Some(unit) = unit.as_ref().filter(|unit| unit.verdict == Verdict::Pass && unit.lot.is_some()) {
            // its plug was seen to live, so that the next boards of its lot are not kept waiting; one that is no pilot needs no word
            _ = self.handle.services().confirm(unit.seq, &Doer { who: "campaign".into(), by: By::Local }).await;
        }
        let flash = hand.take().unwrap_or_default();
        Outcome { unit, kept, flash, erases, safe }
    }

    /// A campaign would fill any disk with its backups. The first stay, so that the others are kept by what differs from them.
    fn forget(&self, unit: Option<&Unit>) {
        let Some(backup) = unit.and_then(|unit| unit.backup.as_ref()) else { return };
        let (folder, digest) = (self.dir.path().join("backups"), backup.sha256.to_string());
        let entries: Vec<_> = std::fs::read_dir(&folder).into_iter().flatten().flatten().collect();
        if entries.len() < FIRST || folder.join(format!("{digest}.base")).exists() {
            return;
        }
        for entry in entries {
            if entry.file_name().to_str().is_some_and(|name| name.starts_with(&digest)) {
                _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

impl Place {
    fn of(full: bool) -> Self {
        if full { Self::Full } else { Self::Small }
    }
}

impl Rig {
    pub fn new(nests: usize) -> Self {
        Self {
            small: Bench::new(nests, false, &format!("{ALLOW}[backup]\nmode = \"proven\"\n")),
            full: Bench::new(nests, true, &format!("{ALLOW}[backup]\nmode = \"full\"\n")),
            plugs: Bench::new(nests, false, plugs::RECIPE),
            rehearsed: Mutex::default(),
        }
    }

    fn bench(&self, full: bool) -> &Bench {
        if full { &self.full } else { &self.small }
    }

    /// One undisturbed unit of each kind: how many bytes each stage takes.
    pub async fn rehearse(&self) -> Spans {
        let mut spans = Spans::new();
        for (number, (chip, full)) in CHIPS.into_iter().flat_map(|chip| [(chip, false), (chip, true)]).enumerate() {
            let bench = self.bench(full);
            let stock = bench.stock(chip, REHEARSAL + number as u32);
            let want = bench.converted(chip, &stock);
            let begins: Mutex<Vec<(Stage, (u64, u64))>> = Mutex::default();
            let mut total = (0, 0);
            let out = bench
                .unit(0, BoardSpec::new(chip, stock), |hand, stage| {
                    total = hand.bytes();
                    let mut begins = begins.lock().unwrap();
                    if begins.last().is_none_or(|(last, _)| *last != stage) {
                        begins.push((stage, total));
                    }
                })
                .await;
            let unit = out.unit.expect("the rehearsal has a verdict");
            assert!(out.flash == want, "the rehearsal of a {chip} failed: {:?}", unit.fault);
            self.rehearsed.lock().unwrap().push((Place::of(full), unit.seq));
            let begins = begins.into_inner().unwrap();
            let at = |wanted: Stage| begins.iter().find(|(stage, _)| *stage >= wanted).map_or(total, |(_, at)| *at);
            for (n, stage) in STAGES.into_iter().enumerate() {
                let end = STAGES.get(n + 1).map_or(total, |next| at(*next));
                spans.insert((chip, full, stage), (at(stage), end));
            }
        }
        spans
    }

    /// Does what a case says; one row for each unit.
    pub async fn perform(&self, slot: usize, case: &Case) -> Vec<Row> {
        if case.kind == "settings" {
            return vec![self.plug(slot, case).await];
        }
        let bench = self.bench(case.full);
        let chip = case.chip;
        let mut stock = bench.stock(chip, case.number as u32);
        let rf = calibration(chip);
        bench.spoil(case, &mut stock);
        let want = bench.converted(chip, &stock);
        let mut board = BoardSpec::new(chip, stock.clone());
        if case.kind == "status" {
            // protected in the first byte alone
            board.status = Some(0x0004);
        }
        board.faults = FaultPlan { faults: case.faults.clone() };
        if case.kind == "exchanged" {
            return self.exchange(slot, case, stock).await;
        }
        let mut pulled = None;
        let out = bench
            .unit(slot, board, |hand, _| {
                let is_time = match case.kind {
                    "pulled" => hand.bytes().0 >= case.at,
                    "step" => hand.safety().is_some_and(|(_, erases)| erases >= case.at),
                    _ => false,
                };
                if is_time && pulled.is_none() {
                    pulled = hand.take();
                }
            })
            .await;
        let was_pulled = pulled.is_some();
        let out = Outcome { flash: pulled.unwrap_or(out.flash), ..out };
        let mut rows = vec![Self::row(case, &Measure { before: &stock, stock: &stock, want: &want }, &out)];
        if was_pulled {
            // lifted out in the middle of a unit: nobody promised that this one passes
            rows[0].kind = if case.kind == "step" { "step (1st)" } else { "pulled (1st)" };
            // until its copy is right it is still the vendor's plug: what it runs is as it was
            let app = chip.app_area();
            let app = app.start as usize..app.end as usize;
            if let Some(copy) = chip.calibration_copy() {
                let copy = copy.start as usize;
                let is_copied = out.flash[copy..copy + 0x1000] == stock[rf..rf + 0x1000];
                if out.flash[app.clone()] != stock[app] && !is_copied {
                    rows[0].wrong.push("the copy did not come first");
                }
            }
        }
        if matches!(case.kind, "pulled" | "again" | "step") {
            let before = out.flash.clone();
            let second = bench.unit(slot, BoardSpec::new(chip, before.clone()), |_, _| {}).await;
            let already = second.unit.as_ref().is_some_and(|unit| unit.already.is_some());
            let want = if already { &before } else { &want };
            let mut row = Self::row(case, &Measure { before: &before, stock: &stock, want }, &second);
            if already && second.erases > 0 {
                row.wrong.push("a finished board was erased");
            }
            if case.kind == "again" && !already && rows[0].passed {
                row.wrong.push("a finished board was not recognised");
            }
            rows.push(row);
            bench.forget(second.unit.as_ref());
        }
        bench.forget(out.unit.as_ref());
        rows
    }

    /// Another board of the same chip in the middle of the unit; then the first one again, then the second one.
    async fn exchange(&self, slot: usize, case: &Case, stock: Vec<u8>) -> Vec<Row> {
        let (bench, chip) = (self.bench(case.full), case.chip);
        let second = bench.stock(chip, SECONDS + case.number as u32);
        let (mut lifted, mut put_in) = (None, false);
        let mut out = bench
            .unit(slot, BoardSpec::new(chip, stock.clone()), |hand, _| {
                if lifted.is_none() && hand.bytes().0 >= case.at {
                    lifted = hand.take().map(|flash| (flash, Instant::now()));
                }
                let is_time = lifted.as_ref().is_some_and(|(_, at)| at.elapsed() >= case.empty);
                if is_time && !std::mem::replace(&mut put_in, true) {
                    hand.insert(BoardSpec::new(chip, second.clone()));
                }
            })
            .await;
        let found = std::mem::take(&mut out.flash);
        let (first, was_put_in) = match lifted {
            Some((flash, _)) => (flash, put_in),
            // the unit was over before
            None => (found.clone(), false),
        };
        let want = bench.converted(chip, &stock);
        let mac = out.unit.as_ref().and_then(|unit| unit.board.as_ref()).and_then(|board| board.mac);
        // exchanged before the first board's calibration was seen: the unit is the second one's, from its first byte on
        let is_the_seconds = was_put_in && mac.is_some() && mac == rf::find(&second).ok().map(|rf| rf.mac);
        let mut rows = Vec::new();
        if is_the_seconds {
            let want = bench.converted(chip, &second);
            let out = Outcome { flash: found, ..out.clone() };
            rows.push(Self::row(case, &Measure { before: &second, stock: &second, want: &want }, &out));
            rows[0].kind = "exchanged unseen";
        } else {
            let out = Outcome { flash: first.clone(), erases: 0, ..out.clone() };
            rows.push(Self::row(case, &Measure { before: &stock, stock: &stock, want: &want }, &out));
            rows[0].kind = "exchanged (1st)";
            if was_put_in && found != second {
                rows[0].wrong.push("the second board was touched");
            }
        }
        let again = bench.unit(slot, BoardSpec::new(chip, first.clone()), |_, _| {}).await;
        let already = again.unit.as_ref().is_some_and(|unit| unit.already.is_some());
        let target = if already { &first } else { &want };
        rows.push(Self::row(case, &Measure { before: &first, stock: &stock, want: target }, &again));
        let last = bench.unit(slot, BoardSpec::new(chip, second.clone()), |_, _| {}).await;
        let want = bench.converted(chip, &second);
        rows.push(Self::row(case, &Measure { before: &second, stock: &second, want: &want }, &last));
        for unit in [&out.unit, &again.unit, &last.unit] {
            bench.forget(unit.as_ref());
        }
        rows
    }

    /// A plug whose settings are damaged or hostile.
    async fn plug(&self, slot: usize, case: &Case) -> Row {
        let (bench, chip) = (&self.plugs, case.chip);
        let plug = plugs::plug(chip, case.number as u32, case.at);
        let out = bench.unit(slot, BoardSpec::new(chip, plug.flash.clone()), |_, _| {}).await;
        let unit = out.unit.as_ref();
        let want = plugs::Plug::expected(chip, &bench.converted(chip, &plug.flash), unit, &out.flash);
        let mut row = judge(case, &Measure { before: &plug.flash, stock: &plug.flash, want: &want }, &out);
        row.place = Place::Plugs;
        row.wrong.extend(plug.wrong(chip, unit, &out.flash, out.erases));
        bench.forget(unit);
        row
    }

    fn row(case: &Case, measure: &Measure<'_>, out: &Outcome) -> Row {
        judge(case, measure, out)
    }

    /// Compares the ledgers with what was judged: no unit may be missing or there twice.
    pub async fn count_records(&self, table: &mut Table) {
        for (place, bench) in [(Place::Small, &self.small), (Place::Full, &self.full), (Place::Plugs, &self.plugs)] {
            let units = bench.handle.units(UnitQuery::default()).await.unwrap();
            let mut known: Vec<u64> = table.seqs.iter().filter(|(p, _)| *p == place).map(|(_, seq)| *seq).collect();
            let rehearsed = self.rehearsed.lock().unwrap();
            known.extend(rehearsed.iter().filter(|(p, _)| *p == place).map(|(_, seq)| *seq));
            let in_ledger: HashSet<u64> = units.iter().map(|unit| unit.seq).collect();
            let judged: HashSet<u64> = known.iter().copied().collect();
            table.lost_records += known.iter().filter(|seq| !in_ledger.contains(seq)).count() as u64;
            let twice = known.len() - judged.len() + units.len() - in_ledger.len();
            table.doubled_records += (twice + in_ledger.difference(&judged).count()) as u64;
        }
    }

    pub async fn stop(self) {
        self.small.station.stop().await;
        self.full.station.stop().await;
        self.plugs.station.stop().await;
    }
}
