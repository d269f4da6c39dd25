use super::*;
use proptest::prelude::*;

/// Sectors of a small flash; the boot loader takes the first 17.
const SECTORS: usize = 64;
const KIB4: usize = SECTOR as usize;

/// A flash as silicon has it: an erase gives FF, a write only clears bits. On an L-boot it ignores writes until the
/// first erase.
struct Flash {
    bytes: Vec<u8>,
    protected: bool,
}

impl Flash {
    /// Performs the plan, holding it to its promises at every step.
    fn perform(have: &[u8], want: &[u8], plan: &Plan, keep: &[Span], dialect: Dialect) -> Vec<u8> {
        let mut flash = Self { bytes: have.to_vec(), protected: dialect.boots_from_flash() };
        let untouchable = |span: Span| span.start < BOOT_END || keep.iter().any(|keep| keep.overlaps(span));
        for erase in &plan.erase {
            let span = erase.span();
            assert!(matches!(erase.size, EraseSize::Sector | EraseSize::Block));
            assert!(span.start.is_multiple_of(span.len()) && span.end as usize <= have.len(), "{span}");
            assert!(!untouchable(span), "erase {span}");
            flash.protected = false;
            flash.bytes[span.start as usize..span.end as usize].fill(0xFF);
        }
        for span in &plan.write {
            assert!(span.start.is_multiple_of(SECTOR) && span.len() == SECTOR && !untouchable(*span), "write {span}");
            assert!(!flash.protected, "a write before any erase is ignored");
            let to = &mut flash.bytes[span.start as usize..span.end as usize];
            assert!(is_blank(to), "{span} is not blank when it is written");
            assert!(!is_blank(span.of(want).unwrap()), "{span} need not be written");
            to.iter_mut().zip(span.of(want).unwrap()).for_each(|(to, from)| *to &= from);
        }
        flash.bytes
    }
}

/// A sector's content: blank, or some pattern.
fn sector() -> impl Strategy<Value = Option<u8>> {
    prop_oneof![2 => Just(None), 3 => (0u8..250).prop_map(Some)]
}

fn fill(sectors: &[Option<u8>]) -> Vec<u8> {
    let content = |seed: &Option<u8>| match seed {
        None => vec![0xFF; KIB4],
        Some(seed) => (0..KIB4).map(|i| (i as u8).wrapping_mul(31) ^ seed).collect(),
    };
    sectors.iter().flat_map(content).collect()
}

/// What is there, what is wanted above the boot loader (mostly in runs, as images are), and what to keep.
fn case() -> impl Strategy<Value = (Vec<u8>, Vec<u8>, Vec<Span>)> {
    let have = prop::collection::vec(sector(), SECTORS);
    let patches = prop::collection::vec((17usize..SECTORS, 1usize..40, sector(), any::<bool>()), 0..5);
    let keep = prop::collection::vec((17u32 * 4096..SECTORS as u32 * 4096, 1u32..6000), 0..3);
    (have, patches, keep).prop_map(|(have, patches, keep)| {
        let mut want = have.clone();
        for (at, len, content, stripes) in patches {
            for (i, sector) in want.iter_mut().enumerate().skip(at).take(len) {
                if !stripes || i % 3 == 0 {
                    *sector = content.map(|seed| seed.wrapping_add(i as u8) % 250);
                }
            }
        }
        let size = have.len() as u32 * SECTOR;
        let keep = keep.into_iter().map(|(at, len)| Span::new(at, (at + len).min(size))).collect();
        (fill(&have), fill(&want), keep)
    })
}

const DIALECTS: [Dialect; 3] = [Dialect::Rom, Dialect::BekenBoot, Dialect::TuyaBoot];

proptest! {
    #[test]
    fn a_plan_yields_what_is_wanted_and_touches_nothing_else((have, want, keep) in case()) {
        for dialect in DIALECTS {
            match plan(&have, &want, &keep, dialect) {
                Ok(plan) => {
                    prop_assert!(Flash::perform(&have, &want, &plan, &keep, dialect) == want);
                    let touched = plan.erase.iter().map(|e| e.span()).chain(plan.write.iter().copied());
                    let right = (0..have.len() as u32).step_by(KIB4).filter(|at| {
                        !touched.clone().any(|span| span.contains(*at)) || is_blank(Span::sized(*at, SECTOR).of(&want).unwrap())
                            && is_blank(Span::sized(*at, SECTOR).of(&have).unwrap())
                    });
                    prop_assert_eq!(plan.same, right.count() as u64 * 4096);
                    prop_assert_eq!(plan.is_empty(), have == want);
                }
                Err(error) => {
                    let (PlanError::Kept { at, keep: span } | PlanError::Shared { at, keep: span }) = error else {
                        panic!("{error}");
                    };
                    prop_assert!(keep.contains(&span) && span.overlaps(Span::sized(at, 1).aligned(SECTOR)));
                    prop_assert!(have[at as usize] != want[at as usize]);
                }
            }
        }
    }

    #[test]
    fn a_change_of_the_boot_loader_is_refused_by_its_address(at in 0u32..BOOT_END, bit in 0u8..8) {
        let have = vec![0xA5; 0x2_0000];
        let mut want = have.clone();
        want[at as usize] ^= 1 << bit;
        for dialect in DIALECTS {
            prop_assert_eq!(plan(&have, &want, &[], dialect), Err(PlanError::Boot(at)));
        }
    }

    #[test]
    fn an_image_is_laid_over_what_is_there(at in 0usize..0x2_0000, len in 0usize..0x3000, size in 1usize..0x30) {
        let have = vec![0x11; size * KIB4];
        let want = expected(&have, at as u32, &vec![0x22; len]);
        let filled = (at + len).next_multiple_of(KIB4);
        prop_assert_eq!(want.len(), have.len().max(filled));
        for (i, byte) in want.iter().enumerate() {
            let expected = match i {
                i if (at..at + len).contains(&i) => 0x22,
                i if i >= at + len && i < filled || i >= have.len() => 0xFF,
                _ => 0x11,
            };
            prop_assert_eq!(*byte, expected, "{:#x}", i);
        }
    }
}

#[test]
fn dumps_that_do_not_match_are_refused() {
    let blank = vec![0xFF; 0x2_0000];
    let longer = expected(&blank, 0x1_F000, &[0; 0x1001]);
    assert_eq!(plan(&blank, &longer, &[], Dialect::Rom), Err(PlanError::Size { have: 0x2_0000, want: 0x2_1000 }));
    assert_eq!(plan(&blank[1..], &blank[1..], &[], Dialect::Rom), Err(PlanError::Sectors(0x1_FFFF)));
    assert_eq!(plan(&[], &[], &[], Dialect::Rom), Err(PlanError::Sectors(0)));
}

#[test]
fn what_shares_a_sector_with_something_kept_is_refused() {
    let have = vec![0; 0x2_0000];
    let keep = Span::new(0x1_8800, 0x1_8900);
    for (at, error) in [
        (0x1_8800, PlanError::Kept { at: 0x1_8800, keep }),
        (0x1_88FF, PlanError::Kept { at: 0x1_88FF, keep }),
        (0x1_8FFF, PlanError::Shared { at: 0x1_8FFF, keep }),
    ] {
        let mut want = have.clone();
        want[at] = 1;
        assert_eq!(plan(&have, &want, &[keep], Dialect::TuyaBoot), Err(error));
    }
}

#[test]
fn writes_alone_need_an_erase_on_an_l_boot() {
    let have = vec![0xFF; 0x4_0000];
    let want = expected(&have, 0x1_1000, &[0; 0x2800]);
    let rom = plan(&have, &want, &[], Dialect::Rom).unwrap();
    let lboot = plan(&have, &want, &[], Dialect::TuyaBoot).unwrap();
    assert!(rom.erase.is_empty());
    assert_eq!(lboot.erase, [Erase { size: EraseSize::Sector, addr: 0x1_1000 }]);
    assert_eq!(rom.write, lboot.write);
}

/// A T's flash after the factory, in coarse strokes, and an image of 1 MiB that is half blank.
#[test]
fn a_plan_reads_like_this() {
    let mut have = vec![0xFF; 0x20_0000];
    have[..0x12_0000].fill(0x11);
    have[0x1E_0000..0x1E_1000].fill(0x33);
    have[0x1E_E000..0x20_0000].fill(0x44);
    let mut image = vec![0x22; 0xE_F000];
    image[..0x2000].fill(0x11);
    image[0xB_0000..0xE_E000].fill(0xFF);
    let want = expected(&have, 0x1_1000, &image);
    let keep = [Span::sized(0x1E_0000, SECTOR)];
    let blank = vec![0xFF; 0x4_0000];
    let on_blank = expected(&blank, 0x1_1000, &[0; 0x2800]);
    let text = format!(
        "stock BK7231T\n{}\n\nblank BK7231T\n{}\n\nblank BK7231N\n{}\n",
        plan(&have, &want, &keep, Dialect::TuyaBoot).unwrap(),
        plan(&blank, &on_blank, &[], Dialect::TuyaBoot).unwrap(),
        plan(&blank, &on_blank, &[], Dialect::Rom).unwrap(),
    );
    assert_eq!(text, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/plan.txt")), "found:\n{text}");
}
