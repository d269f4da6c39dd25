//! Questions to the operator.

use super::question::Question;
use crate::cli::out::print;
use crate::fail::Failure;
use std::io::BufRead;
use tokio::sync::oneshot;

/// Who answers.
pub(super) enum Ask {
    /// The operator, at the terminal.
    Operator,
    /// Nobody: what one would see is taken for seen.
    Nobody,
    /// A made-up world.
    #[cfg(test)]
    World(Box<dyn FnMut(Question) -> bool>),
}

impl Ask {
    pub(super) fn new(yes: bool) -> Self {
        if yes { Self::Nobody } else { Self::Operator }
    }

    /// Whether somebody is there to press a button.
    pub(super) fn is_there(&self) -> bool {
        !matches!(self, Self::Nobody)
    }

    /// A question with yes or no; asked again until it is one of them.
    pub(super) async fn confirm(&mut self, question: Question) -> Result<bool, Failure> {
        match self {
            Self::Nobody => {
                print(format!("yes    {question}\n"))?;
                Ok(true)
            }
            Self::Operator => loop {
                print(format!("{question} [y/n] "))?;
                match line().await?.trim().to_ascii_lowercase().as_str() {
                    "y" | "yes" => break Ok(true),
                    "n" | "no" => break Ok(false),
                    _ => {}
                }
            },
            #[cfg(test)]
            Self::World(answer) => Ok(answer(question)),
        }
    }

    /// A question whose no is a fault.
    pub(super) async fn check(&mut self, question: Question, wrong: &mut Vec<String>) -> Result<(), Failure> {
        if !self.confirm(question).await? {
            wrong.push(question.fault());
        }
        Ok(())
    }
}

/// A line of standard input, on a thread that may wait for it for ever: a signal must still end the program.
async fn line() -> Result<String, Failure> {
    let (told, heard) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let result = std::io::stdin().lock().read_line(&mut line);
        _ = told.send(result.map(|bytes| (bytes, line)));
    });
    match heard.await {
        Ok(Ok((1.., line))) => Ok(line),
        _ => Err(Failure::broken("expected an answer, found the end of the input; --yes asks nothing")),
    }
}
