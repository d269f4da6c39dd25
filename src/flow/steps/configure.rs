//! Configure: the plug's configuration sector, part of what the whole flash must hold. The planner erases and writes it
//! and the whole-flash verify proves it like any other sector; here it is made, and read back and compared in the end.

use crate::flow::found::Made;
use crate::flow::run::{Run, bug};
use crate::flow::stage_error::StageError;
use crate::model::chip::Chip;
use crate::model::chip::flash::geometry::SECTOR;
use crate::model::chip::flash::{Span, rf};
use crate::model::cycle::fault::FaultCode;
use crate::model::openbeken::pattern::Labels;
use crate::model::openbeken::rule::Configure;
use crate::model::openbeken::tailor::{self, Choice};
use crate::model::openbeken::{Config, Doubt, Findings, Template, config, fields};
use crate::model::unit;
use crate::store::Number;

/// The sector is read this often before it is believed to differ: a reply has no checksum.
const TRIES: u32 = 3;

/// What is told of a plug that gets no configuration, or none yet.
pub(super) fn told(found: &Findings, doubts: Vec<Doubt>, choice: Option<&Choice>) -> Option<unit::Config> {
    let template = choice.map_or(found.template.as_ref(), |choice| choice.template.as_ref());
    let config = unit::Config {
        template: template.map(Template::to_json),
        device: choice.map_or(&found.device, |choice| &choice.device).clone(),
        notes: choice.map_or(&found.notes, |choice| &choice.notes).clone(),
        accepted: choice.iter().flat_map(|choice| &choice.accepted).map(|doubt| doubt.code).collect(),
        doubts,
        ..unit::Config::default()
    };
    let is_told = config.template.is_some() || !config.notes.is_empty() || !config.doubts.is_empty();
    (is_told || choice.is_some_and(|choice| choice.configure)).then_some(config)
}

/// Makes the plug's configuration, for a flash of this size. The stock content of its sector is in the backup.
pub(super) async fn make(run: &mut Run<'_>, choice: &Choice, rf: rf::Rf, size: usize) -> Result<Made, StageError> {
    if !choice.configure {
        return Ok(Made::default());
    }
    let kit = run.job.loaded.clone();
    let chip = run.board()?.chip;
    let rule = &kit.recipe.openbeken;
    let sector = place(chip, rf)?;
    let mut running = None;
    if rule.has_number() {
        running = Some(number(run, rf, rule.number_from.unwrap_or(1)).await?);
    }
    let value = running.as_ref().map(Number::value);
    let module = run.board()?.module.clone();
    let labels = Labels { mac: rf.mac, chip, module: module.as_deref(), number: value, name: None };
    let (mut made, name) = build(run, choice, labels)?;
    let defaults = Config::defaults(chip, rf.mac).map_err(tailor::Unfit::from)?;
    let all = made.changed(&defaults);
    let by_air = (rule.configure == Configure::Http).then(|| made.part());
    let injected = made.changed(&defaults);
    let by_air = by_air.map(|template| (template, all.into_iter().filter(|name| !injected.contains(name)).collect()));
    let recipe = run.job.recipe_name.clone();
    if let Some(config) = &mut run.kept()?.plug.config {
        config.injected = injected;
        config.topic = topic(&made);
        (config.name, config.recipe, config.number) = (Some(name), Some(recipe), value);
    }
    if sector.end as usize > size {
        let what = format!("expected a flash that holds the configuration at {sector}, found a smaller one");
        return Err(StageError::failed(FaultCode::ConfigRefused, what));
    }
    Ok(Made { sector: Some((sector, made)), by_air, number: running })
}

/// Where the plug will tell of itself: nowhere without a broker.
fn topic(made: &Config) -> Option<String> {
    let has_broker = made.text(fields::MQTT_HOST).is_some_and(|host| !host.is_empty());
    made.text(fields::MQTT_CLIENT).filter(|_| has_broker).map(str::to_owned)
}

/// The configuration lies behind the calibration on every chip. Where it does not, the chip is not what it seems.
fn place(chip: Chip, rf: rf::Rf) -> Result<Span, StageError> {
    let sector = Span::sized(config::address(chip), SECTOR);
    // where the calibration is copied, it is its copy that the firmware sees
    let seen = chip.calibration_copy().unwrap_or(rf.sector);
    if seen.end == sector.start {
        return Ok(sector);
    }
    Err(StageError::failed(
        FaultCode::ConfigRefused,
        format!(
            "expected the calibration of a {chip} right before its configuration at {sector}, found it at {}",
            rf.sector
        ),
    ))
}

async fn number(run: &mut Run<'_>, rf: rf::Rf, first: u32) -> Result<Number, StageError> {
    let (ledger, recipe) = (run.job.ledger.clone(), run.job.recipe_name.clone());
    let work = async move { ledger.number(&recipe, rf.mac, first).await };
    run.link()?.keep_awake(work).await?.map_err(|error| StageError::not_recorded(&error))
}

/// Makes the configuration and reads it as the firmware would, before anything is erased.
fn build(run: &Run<'_>, choice: &Choice, labels: Labels<'_>) -> Result<(Config, String), StageError> {
    let kit = &run.job.loaded;
    let (made, name) = tailor::build(&kit.recipe.openbeken, &kit.secrets, choice, labels)?;
    let read = Config::parse(&made.sector()).map_err(|error| StageError::failed(FaultCode::ConfigRefused, error))?;
    match made.differences(&read).first() {
        Some(difference) => Err(bug(&format!("the configuration does not come back as it went: {difference}"))),
        None => Ok((made, name)),
    }
}

/// Reads the sector back and compares it field by field.
pub(super) async fn check(run: &mut Run<'_>) -> Result<(), StageError> {
    let Some((sector, made)) = run.target()?.made.sector.clone() else { return Ok(()) };
    let mut why = String::new();
    for _ in 0..TRIES {
        let mut bytes = vec![0; sector.len() as usize];
        let size = run.board()?.flash_size;
        let mut sink = |addr: u32, data: &[u8]| {
            let at = addr.saturating_sub(sector.start) as usize;
            if let Some(room) = bytes.get_mut(at..at + data.len()) {
                room.copy_from_slice(data);
            }
        };
        run.link()?.read(sector, size, &mut sink).await?;
        match compare(&made, &bytes) {
            Ok(read) => {
                let plug = &mut run.kept()?.plug;
                if let Some(config) = &mut plug.config {
                    config.checked = true;
                }
                if let Some(meter) = &mut plug.meter {
                    meter.read_back(made.calibration(), read.calibration());
                }
                return Ok(());
            }
            Err(differs) => why = format!("configuration at {sector}: {differs}"),
        }
        run.report.retried(why.clone()).await;
    }
    Err(StageError::failed(FaultCode::ConfigDiffers, why))
}

/// What was read, or the differences, secrets by their length only.
fn compare(made: &Config, bytes: &[u8]) -> Result<Config, String> {
    let found = Config::parse(bytes).map_err(|error| error.to_string())?;
    let differences: Vec<String> = made.differences(&found).iter().map(ToString::to_string).collect();
    if differences.is_empty() { Ok(found) } else { Err(differences.join("; ")) }
}
