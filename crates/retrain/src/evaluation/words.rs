//! Words that the behavioural tests put in and take out, in English and Spanish.

/// First names.
pub(super) const NAMES: [&str; 24] = [
    "John", "Mary", "James", "Linda", "Robert", "Susan", "Michael", "Karen", "David", "Emily", "Sarah", "Daniel",
    "Carlos", "María", "José", "Lucía", "Juan", "Carmen", "Miguel", "Elena", "Luis", "Ana", "Pedro", "Laura",
];

/// Products, by English plural, English singular, Spanish singular of either gender: words that stand for each other in a sentence.
pub(super) const PRODUCTS: [&[&str]; 4] = [
    &["phones", "books", "cameras", "movies", "headphones", "cables", "batteries", "games"],
    &["phone", "book", "camera", "movie", "charger", "cable", "battery", "game", "laptop", "keyboard"],
    &["teléfono", "libro", "cargador", "cable", "juego", "teclado", "producto"],
    &["cámara", "película", "batería", "habitación", "pantalla", "comida"],
];

/// A sentence that says nothing about the product, by language; the first one for every other language.
pub(super) const NEUTRAL: [(&str, &str); 2] = [("en", "I bought it on a Tuesday."), ("es", "Lo compré un martes.")];

/// Letters, and others that look the same: Cyrillic, as in Unicode's confusables (UTS #39).
pub(super) const LOOKALIKES: [(char, char); 6] =
    [('a', 'а'), ('c', 'с'), ('e', 'е'), ('o', 'о'), ('p', 'р'), ('x', 'х')];

/// Praise and its denial, by language; `{}` is a product.
pub(super) struct Denial {
    pub language: &'static str,
    pub products: &'static [&'static str],
    /// Adjectives for `is` and `is_not`.
    pub praise: &'static [&'static str],
    pub is: &'static str,
    pub is_not: &'static str,
    /// Whole sentences, affirmed and denied.
    pub sentences: &'static [(&'static str, &'static str)],
}

/// English and Spanish; the first one where no language is known.
pub(super) const DENIALS: [Denial; 2] = [
    Denial {
        language: "en",
        products: &["phone", "book", "camera", "movie", "charger"],
        praise: &["good", "great", "excellent", "useful", "reliable", "comfortable"],
        is: "This {product} is {praise}.",
        is_not: "This {product} is not {praise}.",
        sentences: &[
            ("I like this {product}.", "I don't like this {product}."),
            ("I would recommend this {product}.", "I would not recommend this {product}."),
            ("I am happy with this {product}.", "I am not happy with this {product}."),
            ("This {product} works well.", "This {product} does not work well."),
        ],
    },
    Denial {
        language: "es",
        products: &["teléfono", "libro", "hotel", "cargador", "producto"],
        praise: &["bueno", "excelente", "útil", "cómodo", "fiable", "recomendable"],
        is: "Este {product} es {praise}.",
        is_not: "Este {product} no es {praise}.",
        sentences: &[
            ("Me gusta este {product}.", "No me gusta este {product}."),
            ("Recomiendo este {product}.", "No recomiendo este {product}."),
            ("Estoy contento con este {product}.", "No estoy contento con este {product}."),
            ("Este {product} funciona bien.", "Este {product} no funciona bien."),
        ],
    },
];
