use super::*;

const ZERO: Option<[u32; 4]> = Some([0; 4]);

fn rom(id: u32) -> Evidence {
    Evidence {
        chip_id: Some(id),
        crc_by_byte: Some(true),
        flash_id: Some([0xEB, 0x60, 0x15]),
        flash_size: 2 << 20,
        ..Evidence::default()
    }
}

fn lboot(version: Option<&str>, boot_crc: u32) -> Evidence {
    Evidence {
        boot_version: version.map(str::to_owned),
        boot_crc: Some(boot_crc),
        crc_by_byte: Some(false),
        flash_size: 2 << 20,
        ..Evidence::default()
    }
}

fn n(efuse_key: Option<[u32; 4]>, app_head: Option<[u8; 4]>, boot_crc: Option<u32>) -> Evidence {
    Evidence { boot_crc, efuse_key, app_head, ..rom(0x7231C) }
}

#[test]
fn each_of_the_eight_chips_is_named() {
    let cases = [
        (lboot(Some("BK7231S_1.0.5"), 0xBA54_C1B8), Chip::Bk7231T, Key::Standard, Some("BK7231S_1.0.5")),
        (lboot(Some("BK7231S_9.9.9"), 0x1234_5678), Chip::Bk7231T, Key::Standard, Some("BK7231S_9.9.9")),
        (
            n(Some(STANDARD), Some(STANDARD_HEAD), Some(0xE141_91BA)),
            Chip::Bk7231N,
            Key::Standard,
            Some("BK7231N_1.0.1"),
        ),
        (n(ZERO, Some(PLAIN_HEAD), Some(0x8E4E_6CDB)), Chip::Bk7231M, Key::Plain, Some("BK7231N_1.0.1")),
        (lboot(None, 0x2739_019F), Chip::Bk7231U, Key::Plain, Some("BK7231U_1.0.6")),
        (lboot(None, 0x42C2_21EA), Chip::Bk7231Q, Key::Plain, None),
        (rom(0x7238), Chip::Bk7238, Key::Plain, None),
        (lboot(None, 0x39F9_B50C), Chip::Bk7252, Key::Plain, Some("BK7252_0.1.3")),
        (rom(0x7252A), Chip::Bk7252N, Key::Plain, None),
    ];
    for (evidence, chip, key, bootloader) in cases {
        let identity = identify(&evidence).unwrap();
        assert_eq!((identity.chip, identity.key, identity.bootloader.as_deref()), (chip, key, bootloader));
        assert!(!identity.reasons.is_empty());
    }
}

#[test]
fn n_and_m_are_told_apart_by_whatever_shows_the_key() {
    let cases = [
        (n(Some(STANDARD), None, None), Chip::Bk7231N, Key::Standard),
        (n(Some(STANDARD), Some(PLAIN_HEAD), None), Chip::Bk7231N, Key::Standard),
        (n(ZERO, Some(STANDARD_HEAD), None), Chip::Bk7231N, Key::Standard),
        (n(ZERO, Some([0xFF; 4]), Some(0xE141_91BA)), Chip::Bk7231N, Key::Standard),
        (n(ZERO, None, Some(0x698E_014A)), Chip::Bk7231M, Key::Plain),
        (n(None, Some(PLAIN_HEAD), None), Chip::Bk7231M, Key::Plain),
        (n(Some([1, 2, 3, 4]), Some(STANDARD_HEAD), None), Chip::Bk7231N, Key::Foreign),
    ];
    for (evidence, chip, key) in cases {
        let identity = identify(&evidence).unwrap();
        assert_eq!((identity.chip, identity.key), (chip, key), "{evidence:?}");
    }
}

#[test]
fn what_contradicts_itself_or_says_too_little_is_not_named() {
    let t = lboot(Some("BK7231S_1.0.5"), 0xBA54_C1B8);
    let cases = [
        ("nothing known", Evidence::default(), "no CRC of the boot loader"),
        ("T that counts like a ROM", Evidence { crc_by_byte: Some(true), ..t.clone() }, "other server"),
        ("7238 that counts like an L-boot", Evidence { crc_by_byte: Some(false), ..rom(0x7238) }, "other server"),
        ("T with a flash id", Evidence { flash_id: Some([0xEB, 0x60, 0x15]), ..t.clone() }, "no L-boot does"),
        ("N with a boot version", Evidence { chip_id: Some(0x7231C), ..t.clone() }, "only the BK7231T"),
        ("a T whose registers can be read", rom(0x7231A), "can't be read"),
        ("an unknown id", rom(0x7236), "not in the table"),
        ("an unknown version", lboot(Some("V2"), 0xBA54_C1B8), "BK7231S_"),
        ("a T without its version", lboot(None, 0xBA54_C1B8), "BK7231T"),
        ("U and 7252 alike", lboot(None, 0x8BCE_C3B4), "BK7231U and of BK7252"),
        ("an unknown L-boot", lboot(None, 0xB7BF_A0CE), "B7BFA0CE"),
        ("zero key, blank app", n(ZERO, Some([0xFF; 4]), None), "neither"),
        ("plain app, encrypted boot", n(ZERO, Some(PLAIN_HEAD), Some(0xE141_91BA)), "boot loader of a BK7231N"),
        ("the key of a 7238", n(Some([7; 4]), Some(PLAIN_HEAD), None), "four times"),
    ];
    for (case, evidence, reason) in cases {
        let unidentified = identify(&evidence).unwrap_err();
        assert!(unidentified.to_string().contains(reason), "{case}: {unidentified}");
    }
}

#[test]
fn a_loader_that_nobody_has_seen_is_a_note_and_one_of_another_chip_is_a_refusal() {
    let unlisted = Some(0x1234_5678);
    for (evidence, chip) in [
        (lboot(Some("BK7231S_1.0.5"), 0x1234_5678), Chip::Bk7231T),
        (n(Some(STANDARD), Some(STANDARD_HEAD), unlisted), Chip::Bk7231N),
        (n(ZERO, Some(PLAIN_HEAD), unlisted), Chip::Bk7231M),
    ] {
        let identity = identify(&evidence).unwrap();
        assert_eq!(identity.chip, chip);
        assert!(identity.reasons.iter().any(|reason| reason.contains("12345678: not in the table")), "{identity:?}");
    }
    for (evidence, other) in [
        (lboot(Some("BK7231S_1.0.5"), 0x2739_019F), "known of BK7231U, not of BK7231T"),
        (n(Some(STANDARD), Some(STANDARD_HEAD), Some(0x8E4E_6CDB)), "known of BK7231M, not of BK7231N"),
        (n(Some(STANDARD), Some(STANDARD_HEAD), Some(0xBA54_C1B8)), "known of BK7231T, not of BK7231N"),
        (n(ZERO, Some(PLAIN_HEAD), Some(0xF42F_8C32)), "known of BK7238, not of BK7231M"),
        (Evidence { boot_crc: Some(0xE141_91BA), ..rom(0x7238) }, "known of BK7231N, not of BK7238"),
    ] {
        let unidentified = identify(&evidence).unwrap_err();
        assert!(unidentified.to_string().contains(other), "{unidentified}");
        assert_eq!(unidentified.kind, Trouble::Unknown);
    }
}

#[test]
fn a_known_key_that_lost_bytes_is_contact_trouble_and_no_foreign_vendor() {
    let bytes: Vec<u8> = STANDARD.iter().flat_map(|word| word.to_le_bytes()).collect();
    let key = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes.resize(16, 0);
        let word = |at: usize| u32::from_le_bytes(bytes[at * 4..at * 4 + 4].try_into().unwrap());
        Some([word(0), word(1), word(2), word(3)])
    };
    let mut damaged = Vec::new();
    for (at, byte) in [(0, 0x00), (3, 0xFF), (7, 0x12), (15, 0x00)] {
        let mut one = bytes.clone();
        one[at] = byte;
        damaged.push(key(&one));
        // the rest moves up
        let mut lost = bytes.clone();
        lost.remove(at);
        damaged.push(key(&lost));
        let mut of_zero = vec![0; 16];
        of_zero[at] = 0x93;
        damaged.push(key(&of_zero));
    }
    damaged.push(key(&bytes[..8]));
    damaged.push(key(&[&[0; 8][..], &bytes[8..]].concat()));
    for efuse_key in damaged {
        let unidentified = identify(&n(efuse_key, Some(STANDARD_HEAD), Some(0xE141_91BA))).unwrap_err();
        assert_eq!(unidentified.kind, Trouble::Contact, "{unidentified}");
        assert!(unidentified.to_string().contains("bytes lost"), "{unidentified}");
    }
    for foreign in [[0x1122_3344, 0x5566_7788, 0x99AA_BBCC, 0xDDEE_FF01], [1, 2, 3, 4]] {
        assert_eq!(identify(&n(Some(foreign), None, None)).unwrap().key, Key::Foreign);
    }
}

#[test]
fn a_key_that_is_hidden_and_in_use_is_refused_with_that_reason() {
    let code = Some([0x84, 0x1B, 0x77, 0x02]);
    for evidence in [n(ZERO, code, None), n(None, code, Some(0x1234_5678))] {
        let unidentified = identify(&evidence).unwrap_err();
        assert_eq!(unidentified.kind, Trouble::HiddenKey, "{unidentified}");
        assert!(unidentified.to_string().contains("does not let its key be read"), "{unidentified}");
    }
    // nothing runs there, so nothing shows a key
    assert_eq!(identify(&n(ZERO, Some([0xFF; 4]), None)).unwrap_err().kind, Trouble::Unknown);
}
