//! What a flash that somebody made for it may cost.

use super::cipher::DECRYPTED;
use super::view::{Masks, Show};
use super::{app_settings, app_table, decode};
use crate::sim::factory::crafted;

const MIB: usize = 1024 * 1024;

#[test]
fn a_flash_of_nothing_but_key_sectors_is_decrypted_a_few_times_over_and_no_more() {
    for mib in [2, 4] {
        let flash = crafted::leads(mib * MIB);
        DECRYPTED.set(0);
        let store = decode(&flash).unwrap();
        assert!(DECRYPTED.get() < 8 * MIB, "{mib} MiB: {} bytes were decrypted", DECRYPTED.get());
        assert!(store.notes.len() < 200 && store.entries.is_empty(), "{} notes", store.notes.len());
    }
}

#[test]
fn values_that_share_their_pages_are_together_no_longer_than_the_store() {
    let bytes = crafted::shared_pages();
    let store = decode(&bytes).unwrap();
    let held: usize = store.entries.iter().map(|entry| entry.value.len()).sum();
    assert!((90_000..bytes.len()).contains(&held), "{held} bytes in {} entries", store.entries.len());
    assert!(store.notes.iter().any(|note| note.contains("values left out")), "{:?}", store.notes);
    let masks = Masks::of(&store, Show::Safe);
    assert!(masks.held() < 10_000, "{} bytes of masks", masks.held());
    assert_eq!(masks.text(&format!("x{}", "A".repeat(200))), "<redacted>", "its begin gives it away");
    assert_eq!(masks.text("module"), "module");
}

#[test]
fn of_more_credentials_than_a_plug_has_nothing_is_shown() {
    let store = decode(&crafted::many_credentials()).unwrap();
    let masks = Masks::of(&store, Show::Safe);
    assert!(masks.held() < 512 * 1024, "{} bytes of masks", masks.held());
    for text in ["00007", "anything", "k2501"] {
        assert_eq!(masks.text(text), "<redacted>");
    }
}

#[test]
fn a_text_of_the_app_is_read_once_however_often_it_has_the_word() {
    app_table::READ.set(0);
    let flash = crafted::tables(2 * MIB);
    assert!(app_settings(&flash).is_none());
    assert!((MIB..10 * MIB).contains(&app_table::READ.get()), "{} bytes were read", app_table::READ.get());
}
