//! Stop the line: failures in a row with the same code are the station's or the box's fault, not each board's.

use crate::model::cycle::fault::{Class, FaultCode};

/// Units of one slot that failed one after the other with the same code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Streak {
    code: Option<FaultCode>,
    count: u32,
}

impl Streak {
    /// Takes the end of a unit; true when the line must stop: `limit` failures in a row with one code. 0: never.
    ///
    /// A pass ends a streak. What somebody stopped says nothing and changes nothing.
    pub fn unit(&mut self, fault: Option<FaultCode>, limit: u32) -> bool {
        let Some(code) = fault else {
            *self = Self::default();
            return false;
        };
        if code.class() == Class::Operator {
            return false;
        }
        if self.code != Some(code) {
            *self = Self { code: Some(code), count: 0 };
        }
        self.count += 1;
        limit > 0 && self.count >= limit
    }

    /// What to tell people, the code first so that the panel shows it.
    pub fn message(self) -> String {
        let Some(code) = self.code else { return String::new() };
        let hint = code.hint().replace('\n', " ");
        format!(
            "{code} {} times in a row: find the cause, then hold the button or acknowledge on the page. {hint}",
            self.count
        )
    }

    /// Somebody looked: counting begins anew.
    pub fn acknowledge(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_code_in_a_row_stops_the_line_and_nothing_else_does() {
        let (a, b) = (Some(FaultCode::NoAnswer), Some(FaultCode::NoRf));
        let mut streak = Streak::default();
        let stops: Vec<bool> =
            [a, a, b, a, a, None, a, a, Some(FaultCode::Stopped), a].map(|fault| streak.unit(fault, 3)).into();
        assert_eq!(stops, [false, false, false, false, false, false, false, false, false, true]);
        assert!(streak.message().starts_with("L01 3 times in a row"));
        streak.acknowledge();
        assert!(!streak.unit(a, 3));
        assert!((0..10).all(|_| !streak.unit(a, 0)), "0 never stops");
    }
}
