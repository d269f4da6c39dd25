//! What becomes of one plug.

use super::*;
use crate::model::chip::Chip;
use crate::model::openbeken::meter::Action;
use crate::model::openbeken::rule::PinSource;
use crate::sim::factory;

const T: Chip = Chip::Bk7231T;

fn board() -> Board {
    Board::new(T, T.key(), 0x20_0000)
}

fn image(version: &str) -> Image {
    let (name, file) = factory::demo_image_of(T, version, 0x1_0000);
    Image::open(&name, &file).unwrap()
}

fn rule(configure: Configure) -> OpenBekenRule {
    OpenBekenRule { configure, pins: PinSource::Tuya, ..OpenBekenRule::default() }
}

fn settled(
    rule: &OpenBekenRule,
    base: &[u8],
    images: &[Arc<Image>],
) -> (Vec<Code>, Option<Meter>, Result<Choice, Unable>) {
    let (devices, board) = (Device::built_in(), board());
    let plug = settle(&Order { rule, devices: &devices, board: &board, base }, images);
    let codes = plug.doubts.iter().map(|doubt| doubt.code).collect();
    (codes, plug.meter, plug.settled.map(|settled| settled.choice))
}

#[test]
fn an_image_whose_drivers_can_not_be_read_is_told_where_the_pins_need_one() {
    let stock = factory::stock(T, 1);
    let mut closed = image("1.18.300");
    closed.drivers = None;
    let closed = [Arc::new(closed)];
    let (doubts, _, choice) = settled(&rule(Configure::Flash), &stock, &closed);
    let accepted: Vec<Code> = choice.unwrap().accepted.iter().map(|doubt| doubt.code).collect();
    assert_eq!((doubts.as_slice(), accepted.as_slice()), ([Code::DriversUnknown].as_slice(), doubts.as_slice()));
    // nobody writes pins, so nobody needs them driven
    assert_eq!(settled(&rule(Configure::None), &stock, &closed).0, []);
    // one that can be read has them surely
    let both = [Arc::clone(&closed[0]), Arc::new(image("1.18.299"))];
    assert_eq!(settled(&rule(Configure::Flash), &stock, &both).0, []);
}

#[test]
fn an_image_that_lacks_a_driver_is_refused_only_where_pins_are_written() {
    let stock = factory::stock(T, 1);
    let lacking = [Arc::new(image("1.18.300_tuyaMCU"))];
    let (doubts, _, choice) = settled(&rule(Configure::Flash), &stock, &lacking);
    assert!(matches!(choice, Err(Unable::Image(_))), "{choice:?}");
    assert_eq!(doubts, [Code::ImageLacks]);
    let (doubts, _, choice) = settled(&rule(Configure::None), &stock, &lacking);
    assert_eq!((doubts, choice.unwrap().accepted), (vec![Code::ImageLacks], vec![]));
}

#[test]
fn the_meter_of_a_plug_that_nothing_is_written_to_tells_what_would_carry_it_over() {
    let (devices, board) = (Device::built_in(), board());
    let stock = factory::metering(T, 1, &[], &[]);
    let told = |rule: &OpenBekenRule| {
        let order = Order { rule, devices: &devices, board: &board, base: &stock };
        let meter = look(&order).1.unwrap();
        assert_eq!((meter.action, meter.token), (Action::Note, Token::MeterNotAsked));
        let refused = settle(&order, &[Arc::new(image("1.18.300_tuyaMCU"))]).meter.unwrap().text;
        (meter.text, refused)
    };
    let (left, refused) = told(&rule(Configure::Flash));
    assert!(left.contains("converted again (reflash)") && left == refused, "{left}\n{refused}");
    // converting it again by this recipe would not do it
    let never = OpenBekenRule { calibrate: Calibrate::None, ..rule(Configure::Flash) };
    for rule in [rule(Configure::None), never] {
        assert!(!told(&rule).0.contains("reflash"));
    }
}
