//! What the words before a number say it is.

/// What the words before a number say it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hint {
    /// A telephone number: `call me at`, `tel.`, `mobile number:`.
    Phone,
    /// Another kind of number: `ISBN`, `order number`, `model no.`.
    Other,
    /// Nothing.
    Unknown,
}

/// Bytes before a number in which words are looked for.
const REACH: usize = 48;

/// Words looked at, the one next to the number first.
const MAX_WORDS: usize = 4;

/// They announce a telephone number wherever they stand.
const CALLS: &str = "\
    call called calling dial dialing ring tel telf telef tlf tfno tfo tlfno ph fax contact reach whatsapp \
    wassap sms llama llamar llamad llame llamen llámame llamame llámeme contacta contactar contacto";

/// They announce one when a word such as `number`, or a colon, follows.
const PHONES: &str = "\
    phone telephone mobile mob cell cellphone teléfono telefono teléfonos telefonos móvil movil celular my \
    our mi";

/// They announce another kind of number.
const OTHERS: &str = "\
    isbn isn asin issn upc ean gtin sku imei qid model modelo serial serie order pedido invoice factura batch \
    lot lote tracking ref reference referencia zip rs inr usd eur";

/// They do when a word such as `number`, or a colon, follows.
const THINGS: &str = "\
    product producto item artículo articulo part version versión id case ticket page code código codigo";

/// They join any of the above with the number.
const LABELS: &str = "\
    number numbers no num nr n nº número numero is was es de";

/// They join only calls with the number.
const JOINTS: &str = "\
    at on to me us them him her al a en or toll free the this their by via";

/// Before an address of four numbers, they make it a version.
const VERSIONS: &str = "\
    version versión v ver firmware release build update software ios android windows driver drivers patch fw";

/// What the end of `before` says about the number that follows.
pub(super) fn hint(before: &str) -> Hint {
    let tail = tail(before);
    let (mut is_labelled, mut is_joined) = (tail.trim_end().ends_with([':', '#']), false);
    for word in words(tail) {
        match word {
            "10" | "13" => is_labelled = true, // of ISBN-10, ISBN-13
            _ if word.starts_with(|c: char| c.is_ascii_digit()) => return Hint::Unknown,
            _ if is_one_of(word, CALLS) => return Hint::Phone,
            _ if is_labelled && is_one_of(word, PHONES) => return Hint::Phone,
            _ if !is_joined && is_one_of(word, OTHERS) => return Hint::Other,
            _ if !is_joined && is_labelled && is_one_of(word, THINGS) => return Hint::Other,
            _ if is_one_of(word, LABELS) => is_labelled = true,
            _ if is_one_of(word, JOINTS) => is_joined = true,
            _ => return Hint::Unknown,
        }
    }
    Hint::Unknown
}

/// Whether the end of `before` announces a version number.
pub(super) fn follows_version(before: &str) -> bool {
    let is_announced = |word| is_one_of(word, VERSIONS);
    words(tail(before)).take_while(|word| is_announced(word) || is_one_of(word, LABELS)).any(is_announced)
}

/// The last bytes of `before`; nothing is read across a mask, so that it does not matter what stood there.
fn tail(before: &str) -> &str {
    let near = &before[before.ceil_char_boundary(before.len().saturating_sub(REACH))..];
    near.rfind(']').map_or(near, |mask| &near[mask + 1..])
}

/// The words of `text`, the last one first.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.rsplit(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(MAX_WORDS)
}

fn is_one_of(word: &str, words: &str) -> bool {
    words.split(' ').any(|known| known.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_that_says_something_decides() {
        for before in
            ["call me at ", "Tel.: ", "my phone number is ", "Mobile: ", "WhatsApp ", "order by calling ", "llama al "]
        {
            assert_eq!(hint(before), Hint::Phone, "{before}");
        }
        for before in ["ISBN ", "ISBN-10: ", "order no. ", "Model #", "[[ASIN:", "mi pedido número "] {
            assert_eq!(hint(before), Hint::Other, "{before}");
        }
        for before in ["", "phone ", "to order at ", "call [phone] ", "I ordered one and got "] {
            assert_eq!(hint(before), Hint::Unknown, "{before}");
        }
    }

    #[test]
    fn a_version_is_announced_directly_before() {
        assert!(
            follows_version("firmware version ") && follows_version("(v. ") && follows_version("Android version is ")
        );
        assert!(!follows_version("the software is at ") && !follows_version(""));
    }
}
