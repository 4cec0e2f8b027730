//! The kinds of personal data that the cleaning can mask.

use serde::{Deserialize, Serialize};

/// A kind of personal data, as `redact.kinds` in the configuration and `etl.json` name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonalData {
    /// E-mail addresses.
    Email,
    /// Telephone numbers: E.164, the national forms of Spain and North America, and what the words before call one.
    Phone,
    /// Payment card numbers with an issuer's prefix and a valid check digit.
    Card,
    /// International bank account numbers with valid check digits.
    Iban,
    /// IPv4 and IPv6 addresses.
    Ip,
    /// URLs with a user name or password: `https://user:password@host`.
    UrlCredentials,
}

impl PersonalData {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Email, Self::Phone, Self::Card, Self::Iban, Self::Ip, Self::UrlCredentials];

    /// Stable name, as in the configuration.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Card => "card",
            Self::Iban => "iban",
            Self::Ip => "ip",
            Self::UrlCredentials => "url_credentials",
        }
    }

    /// What is written instead.
    pub const fn mask(self) -> &'static str {
        match self {
            Self::Email => "[email]",
            Self::Phone => "[phone]",
            Self::Card => "[card]",
            Self::Iban => "[iban]",
            Self::Ip => "[ip]",
            Self::UrlCredentials => "[url]",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_place_and_its_name_in_the_configuration() {
        assert!(PersonalData::ALL.iter().enumerate().all(|(place, &kind)| place == kind as usize));
        let names = serde_json::to_value(PersonalData::ALL).unwrap();
        assert_eq!(names, serde_json::json!(PersonalData::ALL.map(PersonalData::code)));
    }
}
