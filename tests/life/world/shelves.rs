//! Firmware, recipes, boxes.

use super::World;
use crate::clock;
use crate::mould::sha256;
use crate::shelf::{self, RECIPES};

impl World {
    /// Copies an image into the firmware folder, as a person does.
    pub(super) fn put(&mut self, pick: u64) {
        let folder = self.disk.data().join("firmware");
        let trouble = self.in_trouble();
        let image = self.shelf.pick(pick);
        if image.is_there() {
            return;
        }
        let begun = clock::wall();
        match shelf::write_durably(&folder, &image.name, &image.bytes) {
            Ok(()) => image.there.push((begun, None)),
            Err(error) => assert!(trouble, "{}: {error}", folder.display()),
        }
    }

    pub(super) fn remove(&mut self, pick: u64) {
        let data = self.disk.data();
        let image = self.shelf.pick(pick);
        // one of each chip stays, or little is converted
        if !image.is_there() || image.name.contains("1.18.300") {
            return;
        }
        let gone = ["firmware", "uploads"]
            .iter()
            .any(|folder| std::fs::remove_file(data.join(folder).join(&image.name)).is_ok());
        if let Some(last) = image.there.last_mut().filter(|_| gone) {
            last.1 = Some(clock::wall());
        }
    }

    /// A disk that broke down may have forgotten what was put and removed last.
    pub(super) fn look_at_shelf(&mut self) {
        let data = self.disk.data();
        for image in self.shelf.images.values_mut() {
            let found = ["firmware", "uploads"].iter().any(|folder| data.join(folder).join(&image.name).exists());
            match (found, image.is_there()) {
                (true, false) => image.there.push((clock::wall(), None)),
                (false, true) => image.there.iter_mut().for_each(|there| there.1 = there.1.or(Some(clock::wall()))),
                _ => {}
            }
        }
    }

    pub(super) fn upload(&mut self, pick: u64) {
        let image = self.shelf.pick(pick);
        let (name, bytes, there) = (image.name.clone(), std::rc::Rc::clone(&image.bytes), image.is_there());
        let begun = clock::wall();
        let uri = format!("/api/v1/firmware?name={name}&sha256={}", sha256(&bytes));
        let Some(reply) = self.ask("POST", &uri, &bytes) else { return };
        self.journal.note(format!("  upload {name}: {} {}", reply.status, reply.reason()));
        let image = self.shelf.pick(pick);
        if reply.is_good() && !there {
            image.there.push((begun, None));
        }
        if !reply.is_good() && !there && !self.in_trouble() {
            self.journal.violation(format!("an upload of {name} is refused: {}", reply.reason()));
        }
    }

    pub(super) fn delete(&mut self, pick: u64) {
        let image = self.shelf.pick(pick);
        if image.name.contains("1.18.300") {
            return;
        }
        let (name, there) = (image.name.clone(), image.is_there());
        let Some(reply) = self.ask("DELETE", &format!("/api/v1/firmware/{name}"), b"") else { return };
        self.journal.note(format!("  delete {name}: {} {}", reply.status, reply.reason()));
        if let Some(last) = self.shelf.pick(pick).there.last_mut().filter(|_| reply.is_good()) {
            last.1 = Some(clock::wall());
        }
        if !self.in_trouble() && reply.is_good() != there {
            self.journal.violation(format!("{name} was there: {there}; deleting it: {}", reply.status));
        }
    }

    /// What is no firmware, or not whole, beside the firmware.
    pub(super) fn garbage(&mut self, kind: u64) {
        let folder = self.disk.data().join("firmware");
        let whole = std::rc::Rc::clone(&self.shelf.pick(kind).bytes);
        let (name, bytes) = match kind {
            0 => ("OpenBK7231T_UA_1.99.1.bin", whole[..whole.len() / 2].to_vec()),
            1 => ("OpenBK7231N_UA_1.99.2.bin", b"<html>404</html>".to_vec()),
            _ => ("OpenBK7231M_UA_1.99.3.bin", whole.iter().rev().copied().collect()),
        };
        _ = std::fs::write(folder.join(name), bytes);
    }

    pub(super) fn choose_recipe(&mut self, pick: u64) {
        let (name, _) = RECIPES[pick as usize % RECIPES.len()];
        // most units are made by the quick one
        let name = if pick.is_multiple_of(3) { "proven" } else { name };
        let Some(reply) = self.ask("POST", &format!("/api/v1/recipes/{name}/choose"), b"") else { return };
        self.journal.note(format!("  recipe {name}: {} {}", reply.status, reply.reason()));
        if !self.in_trouble() && reply.is_good() == (name == "broken") {
            self.journal.violation(format!("choosing the recipe {name}: {}", reply.status));
        }
    }

    pub(super) fn choose_batch(&mut self, pick: u64) {
        let batch = (!pick.is_multiple_of(4)).then(|| format!("box {}", pick % 7));
        // no box stops the day
        let size = batch.as_ref().map(|_| 1 + pick % 40);
        let body = serde_json::json!({ "name": batch, "size": size, "at_end": "go_on" });
        let Some(reply) = self.ask("PUT", "/api/v1/batch", body.to_string().as_bytes()) else { return };
        // one that was refused may count all the same until the station is started anew
        let names = if reply.is_good() { vec![batch.clone()] } else { vec![batch.clone(), self.batch.clone()] };
        for open in self.slots.iter_mut().filter_map(|slot| slot.open.as_mut()) {
            open.batches.extend(names.clone());
        }
        if reply.is_good() {
            self.batch = batch;
        } else if !self.in_trouble() {
            self.journal.violation(format!("a box is refused: {}", reply.reason()));
        }
    }
}
