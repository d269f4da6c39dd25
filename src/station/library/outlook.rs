//! Whether there is anything to make units from, and which file waits to be approved.

use super::Library;
use super::files::{Found, Origin};
use super::judge::Judge;
use crate::flow::EventSender;
use crate::model::firmware::image::{Image, outranks};
use crate::model::recipe::Recipe;
use crate::model::unit::event::Event;
use crate::model::unit::readiness::{Lack, LackKind, Offer, Readiness};
use std::sync::Arc;
use tokio::sync::watch;

impl Library {
    /// What was told last, and whenever that changes.
    pub(in crate::station) fn outlook(&self) -> watch::Receiver<Readiness> {
        self.outlook.subscribe()
    }

    /// What was missing when it was looked last.
    pub(in crate::station) fn lack(&self) -> Option<Lack> {
        self.outlook.borrow().lack.clone()
    }

    /// What is missing now: where something was, it is looked anew, for the file may have come this moment.
    pub(in crate::station) async fn lack_now(self: Arc<Self>, events: &EventSender) -> Option<Lack> {
        self.lack()?;
        Arc::clone(&self).look_out(events).await;
        self.lack()
    }

    /// Looks anew, and tells the faces and the slots where things are otherwise than before.
    pub(in crate::station) async fn look_out(self: Arc<Self>, events: &EventSender) {
        let library = Arc::clone(&self);
        let Ok(now) = tokio::task::spawn_blocking(move || library.readiness()).await else { return };
        let is_news = self.outlook.send_if_modified(|told| {
            let is_news = *told != now;
            told.clone_from(&now);
            is_news
        });
        if is_news {
            _ = events.send((String::new(), Event::Readiness { readiness: now })).await;
        }
    }

    /// As things are now. Reads files, so call it where blocking is allowed.
    pub fn readiness(&self) -> Readiness {
        let name = self.recipe_name();
        let loaded = match self.recipes.read(&name) {
            Ok(loaded) => loaded,
            Err(why) => return lacking(LackKind::Recipe, format!("the recipe {name} can't be used: {why}")),
        };
        let recipe = &loaded.recipe;
        let (found, trouble) = self.files.images();
        let judge = Judge::new(&self.choices.approved(), Some(recipe));
        let (usable, waiting): (Vec<_>, Vec<_>) =
            found.iter().filter(|found| allows(recipe, &found.image)).partition(|found| judge.image(found).is_some());
        let offer = best_offer(&usable, &waiting);
        let folder = self.files.folder.display();
        let lack = if !usable.is_empty() {
            None
        } else if let Some(first) = waiting.first() {
            let (name, sha256) = (&first.image.name, first.image.sha256);
            let what = format!("expected approved firmware, found {name} (SHA-256 {sha256}) offered only");
            let how = "approve it on the page under Firmware, or with `flashjig firmware approve SHA256`";
            Some(Lack { kind: LackKind::Approval, message: format!("{what}; {how}") })
        } else {
            let found = match (trouble, found.len()) {
                (Some(trouble), 0) => {
                    format!("no folder {folder} ({trouble}), and no upload (mkdir -p {folder} makes it)")
                }
                (None, 0) => format!("none in {folder}, and no upload"),
                (_, several) => format!("{several} that the recipe {name} does not allow"),
            };
            let how = "drop an OpenBK file on the page under Firmware, or copy it into the firmware folder";
            Some(Lack { kind: LackKind::Firmware, message: format!("expected firmware, found {found}; {how}") })
        };
        Readiness { lack, offer }
    }
}

fn lacking(kind: LackKind, message: String) -> Readiness {
    Readiness { lack: Some(Lack { kind, message }), offer: None }
}

fn allows(recipe: &Recipe, image: &Image) -> bool {
    recipe.allows(image.chip, &image.name, image.sha256)
}

/// Of the files on a stick the one that units would get in place of what they get now: to be asked about at the jig.
fn best_offer(usable: &[&Found], waiting: &[&Found]) -> Option<Offer> {
    let would_win = |found: &&&Found| {
        let others = usable.iter().filter(|other| other.image.chip == found.image.chip);
        others.clone().all(|other| outranks(&found.image, &other.image))
    };
    let mut offers: Vec<&Found> =
        waiting.iter().filter(|found| found.origin == Origin::Usb).filter(would_win).copied().collect();
    offers.sort_by_key(|found| (found.image.chip, &found.image.name));
    let best = offers.iter().copied().reduce(|best, next| {
        if best.image.chip == next.image.chip && outranks(&next.image, &best.image) { next } else { best }
    })?;
    let Image { name, chip, version, sha256, .. } = best.image.as_ref();
    Some(Offer { name: name.clone(), chip: *chip, version: version.clone(), sha256: *sha256 })
}
