//! What a challenger is held to.

use bytesize::ByteSize;

use crate::RetrainError;

/// Where `--help` lists them. Not for the whole group: clap would put under it whatever comes after.
const HEADING: &str = "Rules of promotion";

/// Rules of promotion, beside the first one: to be more accurate than the champion on the same rows, which chance must not explain.
#[derive(Debug, Clone, Copy, PartialEq, clap::Args)]
pub struct Rules {
    /// Least gain of accuracy over the champion, as a share: 0.01 is one point
    #[arg(long, help_heading = HEADING, env = "TAMIZ_MIN_GAIN", value_name = "X", default_value_t = 0.0)]
    pub min_gain: f64,
    /// Largest loss of accuracy on a slice of the rows that is not explained by chance
    #[arg(long, help_heading = HEADING, env = "TAMIZ_MAX_SLICE_LOSS", value_name = "X", default_value_t = 0.02)]
    pub max_slice_loss: f64,
    /// Largest rise of the share of wrong answers on the texts of a behavioural test
    #[arg(long, help_heading = HEADING, env = "TAMIZ_MAX_BEHAVIOUR_LOSS", value_name = "X", default_value_t = 0.05)]
    pub max_behaviour_loss: f64,
    /// Largest rise of the calibration error
    #[arg(long, help_heading = HEADING, env = "TAMIZ_MAX_CALIBRATION_LOSS", value_name = "X", default_value_t = 0.02)]
    pub max_calibration_loss: f64,
    /// Least speed, as a share of the champion's: 0.5 lets a model in that is half as fast; 0 asks for nothing
    #[arg(long, help_heading = HEADING, env = "TAMIZ_MIN_SPEED", value_name = "X", default_value_t = 0.0)]
    pub min_speed: f64,
    /// Largest size of the weights, such as 500MB
    #[arg(long, help_heading = HEADING, env = "TAMIZ_MAX_SIZE", value_name = "SIZE")]
    pub max_size: Option<ByteSize>,
}

impl Rules {
    /// Refuses what is no rule.
    ///
    /// # Errors
    /// [`RetrainError::Usage`] naming the flag.
    pub(crate) fn check(&self) -> Result<(), RetrainError> {
        let shares = [
            ("--min-gain", self.min_gain),
            ("--max-slice-loss", self.max_slice_loss),
            ("--max-behaviour-loss", self.max_behaviour_loss),
            ("--max-calibration-loss", self.max_calibration_loss),
        ];
        match shares.into_iter().find(|(_, share)| !(0.0..=1.0).contains(share)) {
            Some((flag, _)) => Err(RetrainError::Usage(format!("{flag} must lie between 0 and 1, such as 0.02"))),
            None if !(self.min_speed >= 0.0 && self.min_speed.is_finite()) => {
                Err(RetrainError::Usage("--min-speed must be 0 or more, such as 0.5".into()))
            }
            None => Ok(()),
        }
    }
}
