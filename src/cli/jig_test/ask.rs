//! Questions to the operator.

use crate::cli::out::print;
use crate::fail::Failure;
use std::io::BufRead;
use tokio::sync::oneshot;

/// Who answers.
pub(super) struct Ask {
    /// Every question is answered with yes.
    yes: bool,
}

impl Ask {
    pub(super) fn new(yes: bool) -> Self {
        Self { yes }
    }

    /// A question with yes or no; asked again until it is one of them.
    pub(super) async fn confirm(&mut self, question: &str) -> Result<bool, Failure> {
        if self.yes {
            print(format!("yes    {question}\n"))?;
            return Ok(true);
        }
        loop {
            print(format!("{question} [y/n] "))?;
            match line().await?.trim().to_ascii_lowercase().as_str() {
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => {}
            }
        }
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
