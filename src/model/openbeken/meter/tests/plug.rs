//! The file store of a real plug, in made-up plugs.

use super::*;

#[test]
fn the_real_plug_gets_its_three_floats_on_both_layouts() {
    let Some(store) = crate::testdata::read("meter/N_LSPA9_file_store_0x1D2000.bin") else { return };
    for (chip, at) in [(N, 0x1D_5000), (T, 0x1E_6000)] {
        let (judged, sector) = sector(&plug(chip, own_settings(&store), &store), chip);
        assert_eq!(sector[0x498..0x4A4], hex(&LSPA9.concat()), "{chip}");
        assert!(sector[0x4A4..0x4B8].iter().all(|byte| *byte == 0), "{chip}: the other words stay");
        let meter = judged.meter.unwrap();
        let source = meter.source.as_ref().unwrap();
        assert_eq!((source.block, source.address, source.generation), (Some(3), Some(at), 45), "{chip}");
        assert_eq!((meter.k, meter.r, token(&meter)), (Some(1.0011), Some(983.7), "meter-carried"));
        assert_eq!(meter.misreads, Some([12.2, 24.3, 30.7]));
        assert_eq!(meter.raw, Some(Figures::new(537, 24_333, 13_284, 3140)));
        assert_eq!(
            meter.text,
            "the factory's calibration can be carried over; without it this plug would read 31 % too much"
        );
    }
}

#[test]
fn its_damaged_forms_give_none() {
    let Some(store) = crate::testdata::read("meter/N_LSPA9_file_store_0x1D2000.bin") else { return };
    let damage = |at: &[(usize, u8)]| {
        let mut store = store.clone();
        for (at, byte) in at {
            store[*at] = *byte;
        }
        store
    };
    let erased = |blocks: std::ops::Range<usize>| {
        let mut store = store.clone();
        store[blocks.start * BLOCK..blocks.end * BLOCK].fill(0xFF);
        store
    };
    let settings = own_settings(&store);
    for (what, store, expected) in [
        ("both sums wrong", damage(&[(0x20, 1), (0x1020, 1)]), "store-damaged"),
        ("both blank", erased(0..2), "store-damaged"),
        ("the whole store blank", erased(0..24), "store-damaged"),
        ("the record blank", erased(3..4), "meter-implausible"),
        ("the result blank", erased(4..5), "meter-test-failed"),
        ("not passed", damage(&[(0x4000, 2)]), "meter-test-failed"),
        ("a bit of v", damage(&[(0x3001, 0x06)]), "meter-chip-mismatch"),
        ("a bit of p", damage(&[(0x3009, 0x23)]), "meter-redundancy"),
        ("a bit of e", damage(&[(0x300D, 0x0D)]), "meter-redundancy"),
    ] {
        for chip in [N, T] {
            let (judged, sector) = sector(&plug(chip, settings, &store), chip);
            assert!(sector[0x498..0x4B8].iter().all(|byte| *byte == 0), "{what} on {chip}");
            let meter = judged.meter.unwrap();
            assert_eq!((token(&meter), meter.action), (expected, Action::Note), "{what} on {chip}");
            assert!(meter.text.starts_with("the factory's calibration is not carried over: "), "{}", meter.text);
        }
    }
    // one sound index is enough
    let (_, sector) = sector(&plug(N, settings, &damage(&[(0x20, 1)])), N);
    assert_eq!(sector[0x498..0x4A4], hex(&LSPA9.concat()));
}
