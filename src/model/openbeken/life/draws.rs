//! What a board draws from its supply while it lives.

use super::miss::Miss;
use crate::model::cycle::fault::FaultCode;

/// What a board must draw on the average while its firmware runs, mA. Firmwares, radios and regulators differ, so the recipe
/// says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draws {
    /// At least.
    pub from: i32,
    /// At most.
    pub to: i32,
}

/// Readings that make an average: the radio draws in bursts, a board that does nothing draws evenly.
const FOR_AVERAGE: usize = 20;

impl Draws {
    /// Judges what a meter read, mA. One that says too little is the station's fault and none of the board.
    pub fn judge(self, milliamps: &[i32]) -> Result<String, Miss> {
        if milliamps.len() < FOR_AVERAGE {
            let expected = format!("{FOR_AVERAGE} readings of the supply's meter");
            return Err(Miss::new(FaultCode::NoMeter, expected, format!("{} of them", milliamps.len())));
        }
        let drawn = || milliamps.iter().map(|drawn| i64::from(*drawn));
        let average = drawn().sum::<i64>() / i64::try_from(milliamps.len()).unwrap_or(i64::MAX);
        let (least, most) = (drawn().min().unwrap_or(0), drawn().max().unwrap_or(0));
        let seen = format!("{average} mA on the average, {least} to {most} mA");
        if (i64::from(self.from)..=i64::from(self.to)).contains(&average) {
            Ok(seen)
        } else {
            Err(Miss::new(FaultCode::WrongCurrent, self.to_string(), seen))
        }
    }
}

impl std::fmt::Display for Draws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} to {} mA on the average", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plug_that_lives_draws_within_limits_on_the_average_and_few_readings_prove_nothing() {
        let draws = Draws { from: 30, to: 250 };
        let drawn = |each: &[i32]| draws.judge(each).map_err(|miss| (miss.code, miss.to_string()));
        let wrong = |found: &str| {
            Err((FaultCode::WrongCurrent, format!("expected 30 to 250 mA on the average, found {found}")))
        };
        let bursts: Vec<i32> = (0..24).map(|turn| if turn % 8 == 0 { 330 } else { 50 }).collect();
        assert_eq!(drawn(&bursts), Ok("85 mA on the average, 50 to 330 mA".into()));
        assert_eq!(drawn(&[9; 24]), wrong("9 mA on the average, 9 to 9 mA"));
        assert_eq!(drawn(&[260; 24]), wrong("260 mA on the average, 260 to 260 mA"));
        let few = "expected 20 readings of the supply's meter, found 19 of them".to_owned();
        assert_eq!(drawn(&[85; 19]), Err((FaultCode::NoMeter, few)));
        assert_eq!(draws.to_string(), "30 to 250 mA on the average");
    }
}
