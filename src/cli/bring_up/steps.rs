//! The steps of a bring-up, and what each settles. `deploy/hardware-reports/README.md` lists what only hardware can show.

/// A step.
pub(super) struct Kind {
    /// Its word.
    pub(super) name: &'static str,
    /// What it is.
    pub(super) title: &'static str,
    /// What is to be done first, for the operator.
    pub(super) prepare: &'static str,
}

/// All of them, in the order of the first hour.
pub(super) const ALL: [Kind; 8] = [
    Kind { name: "machine", title: "the computer, its ports and what is permitted", prepare: "nothing: it is read" },
    Kind {
        name: "rest",
        title: "the jig is off while the computer starts, restarts and is off",
        prepare: "no board is in. Hold a voltmeter at 3V3 of the nest, then, where a buffer cuts TX off, at RX1, while the computer is \
                  plugged in, starts, `sudo reboot`s and is shut down. Then call this step again: flashjig bring-up --step rest",
    },
    Kind {
        name: "lines",
        title: "each line, lamp, input, the panel and the supply",
        prepare: "no board is in; a voltmeter, unless a meter is in the supply",
    },
    Kind {
        name: "loopback",
        title: "bytes round a jumper from TX to RX of the nest, at each rate",
        prepare: "no board is in, and a jumper joins TX and RX of the nest",
    },
    Kind {
        name: "phantom",
        title: "a board whose power is off stays off while TX is joined",
        prepare: "a scrap board is in; a voltmeter at its VBAT, unless a meter is in the supply",
    },
    Kind {
        name: "golden",
        title: "ten runs over a good board: attached, identified, read; nothing is written",
        prepare: "a good board is in, of a kind that you will convert",
    },
    Kind {
        name: "convert",
        title: "a spare plug is converted and restored",
        prepare: "a spare plug is in. `flashjig once` converts it, `flashjig restore` puts its stock back, and the restored \
                  flash must be the backup. Then call this step: flashjig bring-up --step convert",
    },
    Kind {
        name: "cut",
        title: "the power of the computer is pulled in the middle of writing, and the board goes on",
        prepare: "start a unit, pull the computer's plug at about 50 % of writing, plug it in, put the board in again. Then \
                  call this step: flashjig bring-up --step cut",
    },
];

/// The step of this name.
pub(super) fn of(name: &str) -> Option<&'static Kind> {
    ALL.iter().find(|kind| kind.name == name)
}

/// Its place in the hour; one of another version comes last.
pub(super) fn place(name: &str) -> usize {
    ALL.iter().position(|kind| kind.name == name).unwrap_or(ALL.len())
}
