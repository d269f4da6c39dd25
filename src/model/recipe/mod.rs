//! What a unit is to become: a TOML file in `data_dir/recipes/`. Every key is optional.
//!
//! The shape holds all that a recipe can say. This version performs a part of it; [`Recipe::refusals`] names the rest,
//! so that nobody believes that it was done.
//!
//! | file | what |
//! |---|---|
//! | this one | the shape, and what is refused |
//! | [`summary`] | it in words, for the page |
//! | [`crate::model::openbeken::rule`] | its part `[openbeken]` |
//! | [`crate::model::openbeken::life::proof`] | its part `[proof]` |

mod summary;

pub use crate::model::openbeken::life::Proof;
pub use crate::model::openbeken::rule::{
    Address, Calibrate, Configure, Mqtt, OpenBekenRule, PinSource, Secrets, Wifi, WithoutSettings, quad,
};

use crate::model::chip::Chip;
use crate::model::chip::digest::Digest;
use crate::model::openbeken::Device;
use std::collections::BTreeMap;

/// A recipe as written by the user. The default is the built-in recipe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipe {
    /// Which files may be used, by chip. A chip without an entry takes any approved image that fits.
    pub firmware: BTreeMap<Chip, FirmwareRule>,
    /// How the stock flash is kept.
    pub backup: BackupRule,
    /// The plug's configuration.
    pub openbeken: OpenBekenRule,
    /// How the plug is to show that it lives.
    pub proof: Proof,
    /// Convert also what is converted already.
    pub reflash: bool,
    /// Chips that are converted although nobody here has tried it, by their names.
    pub allow: Vec<Chip>,
    /// A board that is converted again loses OpenBeken's configuration and variables, the boot counter among them.
    pub reflash_clears: bool,
}

/// Which files may be used for a chip.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FirmwareRule {
    /// A file name with `*`; none: any.
    pub name: Option<String>,
    /// The files' digests; none: any file of that name.
    pub sha256: Vec<Digest>,
}

/// A recipe with all that it names: what the user's files say about a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadedRecipe {
    /// What it is to become.
    pub recipe: Recipe,
    /// The passwords that the recipe names.
    pub secrets: Secrets,
    /// The device list.
    pub devices: Vec<Device>,
}

/// How the stock flash is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackupRule {
    /// What is read over the wire.
    pub mode: BackupMode,
    /// The age recipient that backups are encrypted to.
    pub encrypt_to: Option<String>,
}

/// What of the flash is read over the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BackupMode {
    /// Every byte.
    Full,
    /// A board's own data, and of the rest what the chip's own CRC does not prove blank or the same as in the stock flash
    /// of another board.
    #[default]
    Proven,
}

/// Something that a recipe asks for and this version does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The key that asks for it, with its section.
    pub key: &'static str,
    /// What is not done.
    pub what: &'static str,
    /// What to write instead.
    pub remedy: &'static str,
}

impl Recipe {
    /// What it asks for in vain. A recipe with any refusal must not be used.
    pub fn refusals(&self) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        let plug = &self.openbeken;
        let is_found = plug.wifi.is_some() && (plug.address.is_some() || plug.mqtt.is_some());
        if plug.configure == Configure::Http && !is_found {
            refusals.push(Refusal {
                key: "openbeken.configure",
                what: "a plug that is configured over its own interface must be found in a network",
                remedy: "write [openbeken.wifi], and [openbeken.address] for an own address or [openbeken.mqtt] for a broker that \
                         tells it; or configure = \"flash\": the configuration is written with the firmware and read back",
            });
        }
        refusals
    }

    /// Whether a file of this name may be used for this chip, whatever is in it.
    pub fn names(&self, chip: Chip, file_name: &str) -> bool {
        let pattern = self.firmware.get(&chip).and_then(|rule| rule.name.as_deref());
        pattern.is_none_or(|pattern| matches(pattern, file_name))
    }

    /// Whether a file of this name and digest may be used for this chip.
    pub fn allows(&self, chip: Chip, file_name: &str, sha256: Digest) -> bool {
        let pins = self.pins(chip);
        self.names(chip, file_name) && (pins.is_empty() || pins.contains(&sha256))
    }

    /// The digests of the only files that may be used for this chip; none: the recipe does not say.
    pub fn pins(&self, chip: Chip) -> &[Digest] {
        self.firmware.get(&chip).map_or(&[], |rule| rule.sha256.as_slice())
    }
}

/// Whether `name` is `pattern`, where each `*` of the pattern stands for any text, also none.
pub fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(head) else { return false };
    // The first place where a middle part fits leaves the most for what follows; the last part must be at the end.
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, after)) = left.split_once(part) else { return false };
        left = after;
    }
    left.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_built_in_recipe_takes_any_image_and_asks_for_nothing_in_vain() {
        let recipe = Recipe::default();
        assert!(recipe.allows(Chip::Bk7231T, "anything.bin", Digest::of(b"")));
        assert_eq!(recipe.refusals(), []);
        assert_eq!(recipe.backup.mode, BackupMode::Proven);
    }

    #[test]
    fn a_pattern_binds_its_own_chip_only() {
        let rule = FirmwareRule { name: Some("OpenBK7231T_UA_*.bin".into()), sha256: Vec::new() };
        let recipe = Recipe { firmware: BTreeMap::from([(Chip::Bk7231T, rule)]), ..Recipe::default() };
        let any = Digest::of(b"any");
        assert!(recipe.allows(Chip::Bk7231T, "OpenBK7231T_UA_1.18.300.bin", any));
        assert!(!recipe.allows(Chip::Bk7231T, "OpenBK7231T_1.18.300.rbl", any));
        assert!(recipe.allows(Chip::Bk7231N, "OpenBK7231N_QIO_1.18.300.bin", any));
    }

    #[test]
    fn a_pinned_digest_binds_whatever_the_file_is_called() {
        let (own, other) = (Digest::of(b"own"), Digest::of(b"other"));
        let rule = |name: Option<&str>| FirmwareRule { name: name.map(str::to_owned), sha256: vec![own] };
        let with = |name| Recipe { firmware: BTreeMap::from([(Chip::Bk7231T, rule(name))]), ..Recipe::default() };
        assert!(with(None).allows(Chip::Bk7231T, "x.bin", own) && !with(None).allows(Chip::Bk7231T, "x.bin", other));
        assert!(!with(Some("a.bin")).allows(Chip::Bk7231T, "x.bin", own), "the name counts, too");
        assert!(with(Some("a.bin")).names(Chip::Bk7231T, "a.bin") && with(None).allows(Chip::Bk7231N, "x.bin", other));
        assert_eq!(with(None).pins(Chip::Bk7231T), [own]);
    }

    #[test]
    fn what_is_not_done_is_refused() {
        let mut recipe = Recipe::default();
        recipe.openbeken.configure = Configure::Http;
        recipe.backup.encrypt_to = Some("age1x".into());
        let keys: Vec<_> = recipe.refusals().iter().map(|refusal| refusal.key).collect();
        assert_eq!(keys, ["openbeken.configure"]);
        let ssid = "home".into();
        recipe.openbeken.wifi = Some(Wifi { ssid, password_file: None, ssid2: None, password2_file: None });
        assert_eq!(recipe.refusals().len(), 1, "nothing says where it is");
        let (host, topic) = ("192.0.2.10".into(), None);
        recipe.openbeken.mqtt = Some(Mqtt { host, port: 1883, user: None, password_file: None, topic, group: None });
        assert_eq!(recipe.refusals(), []);
    }

    /// The definition, slow and plain.
    fn naive(pattern: &[u8], name: &[u8]) -> bool {
        match (pattern.split_first(), name.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), _) => naive(rest, name) || (!name.is_empty() && naive(pattern, &name[1..])),
            (Some((p, rest)), Some((n, left))) => p == n && naive(rest, left),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn a_star_stands_for_any_text(pattern in "[ab*]{0,7}", name in "[ab]{0,9}") {
            prop_assert_eq!(matches(&pattern, &name), naive(pattern.as_bytes(), name.as_bytes()));
        }
    }
}
