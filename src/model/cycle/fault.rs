//! What can go wrong: one stable code each, with what the operator does about it.

use crate::model::cycle::stage::Stage;
use crate::model::cycle::verdict::Verdict;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whose fault it is; decides the verdict and the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Contact, wiring, supply: the same unit may pass when pressed again.
    Contact,
    /// The unit itself, or the image that was chosen for it.
    Unit,
    /// The station: its port, pins, disk.
    Station,
    /// Somebody stopped it.
    Operator,
    /// A stage took longer than it ever should.
    Time,
}

macro_rules! faults {
    ($($name:ident $code:literal $class:ident $hint:literal $help:literal)*) => {
        /// A stable fault code. Codes are never reused; `docs/faults.md` has an entry for each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, JsonSchema)]
        #[allow(missing_docs, reason = "help() is the documentation of each")]
        pub enum FaultCode { $(#[schemars(rename = $code, description = $help)] $name),* }

        impl FaultCode {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code as it is shown, such as `L01`.
            pub fn code(self) -> &'static str { match self { $(Self::$name => $code),* } }

            /// Whose fault it is.
            pub fn class(self) -> Class { match self { $(Self::$name => Class::$class),* } }

            /// What to do now: at most two lines of 21 characters, for the panel.
            pub fn hint(self) -> &'static str { match self { $(Self::$name => $hint),* } }

            /// What happened and what to do, in full sentences, for the page and the manual.
            pub fn help(self) -> &'static str { match self { $(Self::$name => $help),* } }
        }
    };
}

faults! {
    NoAnswer "L01" Contact "No answer: reseat\nboard, press again"
        "The chip never answered a link check after its reset. Check that the board sits right in the jig, that RX and TX are crossed, that CEN and 3.3 V reach it, and press again. A second chip on the board (a TuyaMCU) that drives RX1 or CEN keeps it silent, too: hold it in reset or lift its resistors. Never look for the cause on a board that is on the mains; measure its big capacitor, below 10 V DC, before you touch it."
    LinkLost "L02" Contact "Link lost: reseat\nboard, press again"
        "The chip answered and then fell silent, and could not be linked again. Usually a contact that moved or a supply that dipped. Reseat the board and press again; a backup that was made is kept."
    NoBaud "L03" Contact "No rate works: check\nwires, press again"
        "The chip answers at 115200 baud but no reply came back intact at any rate of the ladder. Shorten the wires, check the ground, or lower max_baud."
    BadReply "L04" Contact "Garbled: check ground\nand press again"
        "The chip's replies were damaged again and again. Check the ground wire and the supply, and on boards with a TuyaMCU that it is held in reset; lower max_baud if it stays."
    Lifted "L05" Contact "Board moved: put it\nin, press again"
        "The contact of the jig opened or closed while the board had power, so the board was moved or the lid lifted. The power was switched off at once; the flash may be half written, and a backup that was made is kept. Put the board in, close the lid and press again: only what differs is written."
    Exchanged "L06" Contact "Board was exchanged:\nput first one back"
        "In the middle of the unit the link was lost, and another board answered after it: its calibration or its boot loader is not that of the board that the unit began with. Nothing was erased or written on it. The first board may be half written; its backup is kept. Put the first board in and press: it goes on from its backup. The other one is a unit of its own."
    UnknownChip "B01" Unit "Unknown chip: set\nthis board aside"
        "The evidence that the chip gave does not name one chip of the family. Nothing was erased. Set the board aside; the record holds the evidence."
    UnsupportedChip "B02" Unit "Chip not supported:\nset board aside"
        "The chip was recognised, but flashjig does not convert this kind yet. Nothing was erased."
    BadFlashId "B03" Contact "Flash id not known:\nreseat, press again"
        "The flash chip's id is 000000, FFFFFF, or not in the table, so its protection can't be handled safely. Nothing was erased. Reseat the board; if it stays, report the id."
    NoRf "B04" Unit "No calibration found:\nset board aside"
        "The sector with the RF calibration and the MAC was not found exactly once in the backup, so it could not be kept safe. Nothing was erased."
    BadBoot "B05" Unit "Boot area is blank:\nset board aside"
        "The boot loader's area is uniform, so this board would not start any firmware. Nothing was erased."
    PlaceholderMac "B06" Unit "MAC is a placeholder:\nset board aside"
        "The calibration holds a MAC that firmware falls back to, all zeros or all ones, so this board has lost its own. Nothing was erased. Set the board aside: it would meet others with the same MAC in one network."
    ForeignMac "B07" Unit "MAC of another unit:\nset board aside"
        "The ledger has another board with this MAC: its chip, its flash id or its calibration is a different one; the message says which unit. Nothing was erased. Set both aside: only one of them may be in a network. A board whose calibration was copied from another one looks like this."
    RfElsewhere "B08" Unit "Other flash layout:\nset board aside"
        "The flash has another size than the boards of this chip that are known, or its calibration lies where OpenBeken for this chip does not look: this vendor laid out the flash in another way; the message says what was found and what was expected. OpenBeken would start without its trim and with a MAC that all such boards share. Nothing was erased. Set the board aside."
    HiddenKey "B09" Unit "Code key is hidden:\nset board aside"
        "The chip does not let its code key be read, and what it runs is encrypted under a key that is not known, so no firmware can be made for it. Nothing was erased. Set the board aside; the record holds the evidence."
    NotAllowed "B10" Unit "Chip needs a word:\nsee the page"
        "flashjig converts this chip only where the recipe allows it by its name, since nobody here has tried it on a real one; the message says what the word means. Nothing was erased. Write allow = [\"BK7238\"] at the top of the recipe if you want that, or set the board aside. docs/bk7238.md has all that is known of it."
    UnknownLoader "B11" Unit "Unknown boot loader:\nset board aside"
        "The boot loader of this board stays, and it is none of those that are known to start OpenBeken; the message has its CRC. The flash is in the backup. Nothing was erased, and no word allows it: report the CRC (docs/bk7238.md says how), and set the board aside."
    UpdatePending "B12" Unit "Update waits: let the\nplug finish it"
        "The maker's own update lies ready in the flash, and the maker's boot loader would unpack it over OpenBeken at its next start. Nothing was erased. Give the plug its power outside the jig, with its maker's firmware, until the update is done, then put it in again; or set it aside."
    NoWholeApp "B13" Unit "No whole app on it:\nrestore its backup"
        "What this board runs is no whole code that its chip can run as it lies there, so nothing shows that the maker's boot loader starts plain code on it; the message says what was found. Nothing was erased. Write its own stock backup back if there is one, or set it aside."
    OtherBoard "R01" Unit "Another board: check\nthe unit's number"
        "The stock backup that is to be written back is of another board: MAC, calibration, boot loader, chip or flash size differ; the message says which. Nothing was erased. Look up the unit by the MAC of the board in the jig: `flashjig units --mac`."
    BackupUnsure "K01" Contact "Read not proven:\nreseat, press again"
        "What was read from the flash does not agree with the chip's own CRC, even after reading it again. Nothing was erased. Reseat the board, check the ground, lower max_baud."
    BackupNotKept "K02" Station "Backup not saved:\ncheck the disk"
        "The backup could not be written, or did not read back the same. Nothing was erased. Check the disk of the station."
    NoImage "I01" Unit "No firmware for this\nchip: add the file"
        "No firmware file that units may get fits this chip and the recipe. Nothing was erased. Drop the right OpenBK file on the page under Firmware, or copy it into the firmware folder; `flashjig inspect FILE` names what a file is."
    WrongImage "I02" Unit "Firmware refused:\ncheck the recipe"
        "The firmware that the recipe names does not fit this board. Nothing was erased. The message says what was expected and what the file is."
    ImageLacks "I03" Unit "No driver in image:\ntake the plain build"
        "The vendor's settings of this plug need a driver, such as that of its power meter, and no allowed file of the firmware folder that fits the chip has it linked in; the message names both. Nothing was erased. Put OpenBeken's plain build into the folder, or let the recipe allow it; `flashjig inspect FILE` lists the drivers of a file."
    WrongDigest "I04" Unit "Not the pinned file:\nsee the page for why"
        "The recipe pins the firmware for this chip by its SHA-256, and no file here has it; the message has both digests. Nothing was erased. A file with the right name and another content was damaged, rebuilt, or made by somebody else: get the pinned one, or prove that the new one is the publisher's and write its digest into the recipe."
    NotApproved "I05" Unit "Approve the firmware:\nsee Firmware on page"
        "A file that fits is there, on a USB stick or uploaded, but nobody has approved it, so it is only offered. Nothing was erased. Compare its digest with the publisher's, then approve it: on the page under Firmware, with `flashjig firmware approve SHA256`, by holding the button of a slot whose screen shows the offer, or by its sha256 in the recipe. Files of the firmware folder need no approval."
    ConfigDiffers "C01" Unit "Config differs: press\nagain to repair"
        "The plug's configuration was written, read back and compared field by field, and it differs; the message names the fields. The backup is kept. Press again: only what differs is written."
    NoSettings "C02" Unit "No vendor settings:\nsee the page"
        "The recipe takes the roles of the pins from the vendor's settings, and this board has none that can be trusted. Nothing was erased. without_settings in the recipe says what shall become of such boards: leave them unconfigured, or take them for a device of the list."
    ConfigRefused "C03" Unit "Config impossible:\nsee the page for why"
        "The configuration that the recipe asks for can't be made for this board, or its firmware could not read it; the message says why. Nothing was erased. Change the recipe."
    InDoubt "C04" Unit "Plug in doubt: see\nthe page for why"
        "The vendor's settings leave a doubt about this plug that its recipe does not accept: the message says what was found, why it matters, and the way on. Nothing was erased. Accept the doubt by its code (accept in the recipe), name the pins in the device list, or set the board aside; docs/doubts.md has every code."
    NotPlanned "P01" Unit "Plan refused: see\nthe page for why"
        "Writing this image would touch the boot loader, the calibration, or lie outside the flash. Nothing was erased."
    ShortCircuit "P02" Contact "Short circuit: look\nat board and jig"
        "The board drew more current than any board of its kind, so something is short-circuited: solder, a bent pogo pin, a board put in the wrong way. The power was switched off at once. Look before you press again, with the board out of the jig and its big capacitor measured, below 10 V DC; the message has the figures. A pin of 5 V (1 on a WB1S and CB1S) must not be on the jig's 3.3 V."
    LowSupply "P03" Contact "Supply too low: check\n3.3 V of the jig"
        "The voltage at the board fell below what its flash needs to be written, so the power was switched off. A backup that was made is kept. Check the regulator (500 mA or more), its wires and the contacts, then press again: only what differs is written. Batteries belong out of the board. More than 3.4 V at the jig without a board is a wrong or wrongly set regulator: take it out before it meets a board."
    Protected "W01" Unit "Flash stays locked:\nset board aside"
        "The flash chip's protection could not be lifted, or what was erased and written did not take. The backup is kept."
    WriteFailed "W02" Unit "Sector won't write:\nset board aside"
        "A sector did not take its content after several tries; the message names its address. The flash may be worn, or the supply weak. The backup is kept."
    VerifyFailed "W03" Unit "Flash differs: press\nagain to repair"
        "The whole flash was compared with what it must hold and differs; the message names the first address. The backup is kept. Press again: only what differs is written."
    NoBoot "V01" Unit "Firmware won't start:\nsee the page"
        "The flash is as planned, but the new firmware was not seen to start, neither at once nor after the power was switched off and on; the message says how far it came. Nothing was written meanwhile, and the backup is kept. If nothing at all was heard, check the wire of the log (TX2). Press again: the flash is compared and only what differs is written. If it stays, the image does not suit this board, or its supply dips when the radio starts."
    CrashLoop "V02" Unit "Keeps restarting:\nset board aside"
        "The new firmware starts again and again, or has fallen back to its safe mode, also after the power was switched off and on. The flash is as planned and the backup is kept. A supply that is too weak for the radio looks like this: check the jig's 3.3 V (500 mA or more). Else a command that the firmware runs at its start, or a driver on a wrong pin, brings it down: try the recipe without startup, or with pins = \"none\"."
    ConfigLost "V03" Unit "Config was refused:\npress again"
        "The plug's configuration was written and compared, but the firmware did not take it and has put its own defaults in its place: the plug joins no Wi-Fi and has no pins. It is not started once more, since it would then take the defaults for its own. The backup is kept. Press again: the configuration is written anew. If it stays, this build of the firmware looks for its configuration elsewhere: take a plain build."
    OtherVersion "V04" Unit "Other firmware runs:\nsee the page"
        "What runs on the plug calls itself another version, or another chip's, than the image that was written; the message has both. The flash was compared whole, so the image says one version in its file and another when it runs: take one from the publisher's release page. The backup is kept."
    NotReached "V05" Unit "Not in the network:\ncheck Wi-Fi, press"
        "The plug runs what it was given as far as could be seen, but it did not appear where the recipe says: it said no hello on the broker, or its address did not answer, also after the power was switched off and on. Check name and password of the Wi-Fi in the recipe, that the network is 2.4 GHz and reaches the jig, that the station is in the same network, and the broker's address and user. The backup is kept. Press again when it is mended."
    NotAsPlanned "V06" Unit "Plug differs from\nplan: see the page"
        "The plug lives, but what it says of itself is not what was written: roles or channels of its pins, its MAC, its chip, or the driver of its power meter, which did not start. The message names what differs. The backup is kept. Press again: what differs is written anew. If it stays, the firmware understands this plan in another way: do not put the plug on the mains."
    OtherName "V07" Unit "Wrong name on broker:\nsee the page"
        "A plug with this board's MAC said hello on the broker, but under another name than the one that was written; the message has both. Automations that wait for the name would not find it. The backup is kept. Press again: the name is written anew. Look, too, whether another plug in the network has a copy of this board's MAC."
    Declined "V08" Unit "Plug declines orders:\nsee the page"
        "The plug was to be configured over its own interface and did not take a command; the message has the command and its answer: 501 is a command that this build does not know, 400 one whose words it does not take. What came before it is done, what follows is not. The backup is kept. Take a build that knows the command, or write configure = \"flash\" in the recipe."
    NoAccessPoint "V09" Unit "No hotspot of plug:\nsee the page"
        "The flash is as planned, but the plug's own access point was not seen, or could not be joined, neither at once nor after the power was switched off and on; the message has its name and what was seen instead. A plug without Wi-Fi settings opens it about five seconds after its start. Bring the station's radio nearer to the jig, and look at the plug's antenna and at the jig's 3.3 V (500 mA or more): a supply that dips when the radio starts looks like this. The backup is kept. Press again: the flash is compared and only what differs is written."
    WrongCurrent "V10" Unit "Current is wrong:\nset board aside"
        "The flash is as planned and the new firmware was started, but on the average the board drew more or less from the jig's supply than the recipe allows (milliamps under [proof]); the message has the figures. Far less: the firmware or its radio does not run. Far more: a part of the board is damaged, or a pin is driven against another part. Look at the board before it meets the mains. The backup is kept. If every board of this kind draws so, correct the limits in the recipe."
    NoPort "S01" Station "UART missing: check\nthe cable"
        "The serial port of the slot can't be opened. Check the cable and the uart setting; `flashjig check` names the port."
    NoLines "S02" Station "Jig lines fail: check\nthe jig's wiring"
        "A line of the jig could not be switched, or its pins could not be had; the message says which and what mends it. Check the wiring, or the program behind the lines socket. Only this slot is blocked: it tries again by itself, and at once when somebody starts or acknowledges."
    NotRecorded "S03" Station "NOT LOGGED: check\nthe disk"
        "The unit was worked on, but its record could not be written to the ledger, so it does not count as passed. Check the disk, then press again: the flash is compared and the record made."
    BadRecipe "S05" Station "Recipe not usable:\nrun flashjig check"
        "The recipe, a password file that it names, or a file of the device list can't be used; the message says which line and why. Nothing was erased. `flashjig check` shows all problems at once."
    Panicked "S04" Station "Slot crashed: press\nagain, report it"
        "The program made a mistake in this slot; the jig was made safe. Press again; report it with the log."
    Interrupted "S10" Station "Interrupted: put the\nboard in again"
        "The program or the power stopped while this unit was in work; the message names the stage. If a backup was made it is kept, and the record names it. Put the board in again: it is read anew, and only what differs is written."
    NoRoom "S11" Station "Disk full: free some\nspace, press again"
        "Before a unit starts, its backup and its record must find room on the station's disk, and they do not. Nothing was done to the board. Free some space (`df -h` shows where), then press again."
    LedgerDown "S12" Station "Ledger can't write:\nsee the page"
        "Before a unit starts, the ledger must take a note of it, and it could not; the message says why. Nothing was done to the board. A disk that turned read-only or fails is the usual reason: `dmesg` tells. Mend it, then press again."
    CantStart "S13" Station "Can't start: see\nthe journal"
        "The program could not begin its work: the address of its page is taken, or a file that it needs can't be used; its last line in the journal (`journalctl -u flashjig`) says which and what mends it. No unit can be started until then."
    NoRadio "S14" Station "No radio to lend: see\nthe page"
        "The recipe asks for the plug's own access point, and the station has no Wi-Fi radio to look for it; the message says which was expected, what speaks against it and what mends it. A radio that carries the station's own way into its network is never taken, nor one whose network has a plug's addresses. Nothing was done to the board if this came at the start; if it came later, the flash is as planned. `flashjig doctor` tells which radio would be used or why none."
    NoMeter "S15" Station "Supply meter silent:\ncheck its wires"
        "The recipe asks what a board draws while it lives, and the meter in the slot's supply did not answer, or too seldom to say. The flash is as planned, and nothing speaks against the board. Check the meter's wires and its address (supply in the [[slot]]); the journal has what it said. Then press again: the flash is compared and only what differs is written."
    TooLong "T01" Time "Took too long: reseat\nboard, press again"
        "A stage took longer than it ever should, although the chip kept answering. Reseat the board and press again."
    Stopped "A01" Operator "Stopped. Press to\nstart again"
        "Somebody stopped the unit, or the station was shut down. If the flash was half written, press again: the backup is kept and only what differs is written."
    PilotWaits "A02" Operator "A pilot waits:\nconfirm it on page"
        "The first board of a lot (boot loader, module and firmware alike) of a chip that the recipe allows by name is its pilot: no other is converted before its plug was seen to live. The pilot is in work, or it is flashed and waits; the message says which unit. Nothing was erased on this board. Look whether the pilot's plug lives: it opens its access point or joins its network, with its own MAC. Then confirm it: on the page of that unit, or with `flashjig units --confirm`. A recipe with a proof of life (alive with \"broker\", \"http\" or \"air\") confirms it by itself. If it does not live, write its stock flash back."
    LotStopped "A03" Operator "Lot is stopped: see\nthe page for why"
        "The first board of this lot (boot loader, module and firmware alike) was to show that such boards can be converted, and it did not end as it must, or its stock flash was written back; the message says which unit and why. Nothing was erased on this board. Put the pilot's own board in again, where that can mend it; write its stock flash back from the page of its unit, or with `flashjig restore`; or take another firmware, which makes another lot. docs/pilot.md has what a report should hold."
}

impl FaultCode {
    /// The verdict that a unit with this fault ends in.
    pub fn verdict(self) -> Verdict {
        match self.class() {
            Class::Contact | Class::Unit => Verdict::Fail,
            Class::Station => Verdict::Error,
            Class::Operator => Verdict::Aborted,
            Class::Time => Verdict::Timeout,
        }
    }

    /// From the code as it is shown.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|f| f.code() == code)
    }
}

impl std::fmt::Display for FaultCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for FaultCode {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for FaultCode {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("no fault has the code {text:?}")))
    }
}

/// A fault of one unit: the record's `fault`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// Stable code.
    pub code: FaultCode,
    /// Where it happened.
    pub stage: Stage,
    /// What was expected, what came, where.
    pub message: String,
    /// What to do now, on one line.
    pub hint: String,
}

impl Fault {
    /// A fault with the code's own hint.
    pub fn new(code: FaultCode, stage: Stage, message: impl Into<String>) -> Self {
        Self { code, stage, message: message.into(), hint: code.hint().replace('\n', " ") }
    }

    /// All of it in one text, what a panel has room for first.
    pub fn text(&self) -> String {
        format!("{} {}. {}", self.code, self.hint, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hint_fits_two_lines_of_the_panel() {
        for fault in FaultCode::ALL {
            let lines: Vec<_> = fault.hint().lines().collect();
            assert!(lines.len() <= 2, "{fault}: {lines:?}");
            assert!(lines.iter().all(|l| l.is_ascii() && l.len() <= 21), "{fault}: {lines:?}");
            assert!(fault.help().len() > 60, "{fault} has a full text");
        }
    }

    #[test]
    fn codes_are_unique_and_parse_back() {
        for fault in FaultCode::ALL {
            assert_eq!(FaultCode::parse(fault.code()), Some(*fault));
        }
        assert_eq!(FaultCode::parse("X99"), None);
    }
}
