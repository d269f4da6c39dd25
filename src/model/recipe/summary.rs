//! A recipe in words, for the page. Passwords are not in a recipe; the start-up command may hold one, so only that
//! there is one is told.

use super::{BackupMode, Calibrate, Configure, PinSource, Recipe, WithoutSettings};
use crate::model::chip::Converted;
use crate::model::chip::digest::Digest;

impl Recipe {
    /// What it says, a sentence a line.
    pub fn summary(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.firmware.is_empty() {
            lines.push("Firmware: the newest approved file that fits chip and key".to_owned());
        }
        for (chip, rule) in &self.firmware {
            let name = rule.name.as_deref().unwrap_or("any name");
            let pins: Vec<String> = rule.sha256.iter().map(|pin| format!("{}...", Digest::short(pin))).collect();
            lines.push(match pins.join(" or ") {
                pins if pins.is_empty() => format!("Firmware for {chip}: {name}"),
                pins => format!("Firmware for {chip}: {name}, SHA-256 {pins}"),
            });
        }
        for chip in &self.allow {
            if let Converted::ByWord(means) = chip.converted() {
                lines.push(format!("Allowed, {chip}: {means}"));
            }
        }
        lines.push(match self.backup.mode {
            BackupMode::Full => "Backup: every byte of the flash is read".into(),
            BackupMode::Proven => {
                "Backup: a plug's own data is read, and what the chip's own CRC does not prove blank or known".into()
            }
        });
        if self.backup.encrypt_to.is_some() {
            lines.push("Backup: encrypted, only the owner of the key can read it".into());
        }
        if self.reflash_clears {
            lines.push("Converted again: OpenBeken's configuration and variables are cleared".into());
        }
        if self.proof.is_asked() {
            let signs: Vec<&str> = self.proof.alive.iter().map(|way| way.name()).collect();
            lines.push(format!("Proof of life: {}, within {} s", signs.join(", "), self.proof.within.as_secs_f32()));
            if let Some(draws) = self.proof.draws {
                lines.push(format!("Drawn from the supply while it lives: {draws}"));
            }
        }
        let plug = &self.openbeken;
        if plug.configure == Configure::None {
            lines.push("Configuration: none, the plug opens its own access point".into());
            return lines;
        }
        if plug.configure == Configure::Http {
            lines.push("Configuration: over the plug's own interface, once it is in its Wi-Fi".into());
        }
        lines.push(match &plug.pins {
            PinSource::None => "Pins: none".into(),
            PinSource::Tuya => "Pins: from the vendor's settings in the backup".into(),
            PinSource::Device(name) => format!("Pins: those of the device {name}"),
        });
        if plug.pins == PinSource::Tuya {
            lines.push(match &plug.without_settings {
                WithoutSettings::Refuse => "Without settings: the plug fails before anything is erased".into(),
                WithoutSettings::Unconfigured => "Without settings: firmware, and no configuration".into(),
                WithoutSettings::Device(name) => format!("Without settings: the pins of the device {name}"),
            });
        }
        if !plug.accept.is_empty() {
            let codes: Vec<&str> = plug.accept.iter().map(|code| code.word()).collect();
            lines.push(format!("Doubts accepted: {}", codes.join(", ")));
        }
        if plug.calibrate == Calibrate::None {
            lines.push("Meter: the factory's calibration is not carried over".into());
        }
        if let Some(sign) = plug.meter_sign {
            lines.push(format!("Meter sign: {sign}"));
        }
        if let Some(name) = &plug.name {
            lines.push(format!("Name: {name}"));
        }
        if let Some(first) = plug.number_from {
            lines.push(format!("Numbers: from {first}"));
        }
        if let Some(flags) = &plug.flags {
            lines.push(format!("Flags: {flags:?}"));
        }
        if plug.startup.is_some() {
            lines.push("Start-up command: set".into());
        }
        if let Some(wifi) = &plug.wifi {
            lines.push(if wifi.password_file.is_some() {
                format!("Wi-Fi: {}, with a password", wifi.ssid)
            } else {
                format!("Wi-Fi: {}, without a password", wifi.ssid)
            });
        }
        if let Some(mqtt) = &plug.mqtt {
            let topic = mqtt.topic.as_ref().map_or_else(|| "the name".into(), ToString::to_string);
            lines.push(format!("MQTT: {}:{}, topic {topic}", mqtt.host, mqtt.port));
        }
        if let Some(address) = &plug.address {
            lines.push(format!("Address: {}", address.ip));
        }
        lines
    }
}
