//! Number formats of the stored table. The linear layer is so small that it stays in 32-bit floats.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tch::{Kind, TchError, Tensor};

use crate::device::UnknownWord;

/// The format that models are trained in unless another is asked for.
pub const DEFAULT_WEIGHTS: WeightFormat = WeightFormat::Int8;

/// Largest number of the int8 format. Minus 128 is left out, so that both signs reach as far.
const LARGEST: f64 = 127.0;

/// How the embedding table is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WeightFormat {
    /// 32-bit floats; what a folder holds whose configuration does not say.
    #[default]
    F32,
    /// 16-bit brain floats: the leading half of a 32-bit one.
    Bf16,
    /// Whole numbers from -127 to 127, times a factor of their column.
    Int8,
}

impl WeightFormat {
    /// Whether it is the one that `config.json` need not name. Folders in 32-bit floats stay as they were, so that
    /// older programs read them, too.
    pub(super) fn is_f32(&self) -> bool {
        *self == Self::F32
    }
}

impl fmt::Display for WeightFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::Int8 => "int8",
        })
    }
}

impl FromStr for WeightFormat {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "f32" => Ok(Self::F32),
            "bf16" => Ok(Self::Bf16),
            "int8" => Ok(Self::Int8),
            _ => Err(UnknownWord("f32, bf16, int8")),
        }
    }
}

/// A table as it is stored: `[rows, columns]`.
#[derive(Debug)]
pub(super) enum Table {
    /// As it is.
    F32(Tensor),
    /// Of the same shape, in brain floats.
    Bf16(Tensor),
    /// Whole numbers, and the factor of each column, `[columns]`, f32. A factor of each row would store two bytes or
    /// more for a row of one to four numbers.
    Int8 {
        /// Of the same shape, one byte a number.
        numbers: Tensor,
        /// In 32-bit floats.
        scale: Tensor,
    },
}

impl Table {
    /// Rounds a table of 32-bit floats to what a format can hold.
    pub fn of(table: Tensor, format: WeightFormat) -> Result<Self, TchError> {
        Ok(match format {
            WeightFormat::F32 => Self::F32(table),
            WeightFormat::Bf16 => Self::Bf16(table.f_to_kind(Kind::BFloat16)?),
            WeightFormat::Int8 => {
                let scale = table.f_abs()?.f_amax(&[0_i64][..], false)?.f_div_scalar(LARGEST)?;
                // A column of zeros has nothing to scale, and nothing may be divided by zero.
                let scale = scale.f_where_self(&scale.f_gt(0.0)?, &scale.f_ones_like()?)?;
                let numbers = table.f_div(&scale)?.f_round()?.f_clamp(-LARGEST, LARGEST)?.f_to_kind(Kind::Int8)?;
                Self::Int8 { numbers, scale }
            }
        })
    }

    /// The table in 32-bit floats: what everything is computed with. Rounding it again changes nothing.
    pub fn floats(&self) -> Result<Tensor, TchError> {
        match self {
            Self::F32(table) => Ok(table.shallow_clone()),
            Self::Bf16(table) => table.f_to_kind(Kind::Float),
            Self::Int8 { numbers, scale } => numbers.f_to_kind(Kind::Float)?.f_mul(scale),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Tensor {
        Tensor::f_from_slice(&[0.1_f32, -3.0, 0.0, 1.0, 0.004, 0.0, -0.2, 2.0, 0.0]).unwrap().f_view([3, 3]).unwrap()
    }

    #[test]
    fn words_read_as_they_are_written() {
        for format in [WeightFormat::F32, WeightFormat::Bf16, WeightFormat::Int8] {
            assert_eq!(format.to_string().parse(), Ok(format));
            assert_eq!(serde_json::to_value(format).unwrap(), format.to_string());
        }
        assert_eq!("int4".parse::<WeightFormat>().unwrap_err().to_string(), "expected one of f32, bf16, int8");
    }

    #[test]
    fn numbers_are_as_near_as_the_format_promises_and_zeros_stay_zeros() {
        let largest = [1.0, 3.0, 0.0];
        for (format, of_number, of_column) in [
            (WeightFormat::F32, 0.0, 0.0),
            (WeightFormat::Bf16, 1.0 / 256.0, 0.0),
            (WeightFormat::Int8, 0.0, 0.5 / 127.0),
        ] {
            let floats = Table::of(table(), format).unwrap().floats().unwrap();
            for row in 0..3 {
                for column in 0..3 {
                    let (exact, found) = (table().double_value(&[row, column]), floats.double_value(&[row, column]));
                    let most = of_number * exact.abs() + of_column * largest[column as usize] * 1.000_001;
                    assert!((exact - found).abs() <= most, "{format}: {exact} became {found}");
                    assert!(exact != 0.0 || found == 0.0, "{format}: 0 became {found}");
                }
            }
        }
    }

    #[test]
    fn rounding_twice_is_rounding_once() {
        for format in [WeightFormat::F32, WeightFormat::Bf16, WeightFormat::Int8] {
            let once = Table::of(table(), format).unwrap().floats().unwrap();
            let twice = Table::of(once.shallow_clone(), format).unwrap().floats().unwrap();
            assert!(once.f_equal(&twice).unwrap(), "{format}");
        }
    }
}
