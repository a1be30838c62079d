//! The typefaces: Noto Sans, with Latin, Greek and Cyrillic letters and the signs of currencies. Read once.

use std::sync::LazyLock;

use printpdf::ParsedFont;

/// A typeface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Face {
    /// For most text.
    Regular,
    /// For what is to be seen first.
    Bold,
}

/// A font that was read.
pub(super) struct Font {
    /// The name in the font's own tables.
    pub name: &'static str,
    pub bytes: &'static [u8],
    pub parsed: ParsedFont,
}

static REGULAR: LazyLock<Font> = LazyLock::new(|| {
    Font::read("NotoSans-Regular", include_bytes!("../../assets/fonts/NotoSans-Regular.ttf"))
});
static BOLD: LazyLock<Font> =
    LazyLock::new(|| Font::read("NotoSans-Bold", include_bytes!("../../assets/fonts/NotoSans-Bold.ttf")));

impl Font {
    fn read(name: &'static str, bytes: &'static [u8]) -> Self {
        let parsed = ParsedFont::from_bytes(bytes, 0, &mut Vec::new())
            // The bytes are part of the program; every test that draws shows that they can be read.
            .expect("the embedded fonts are fonts");
        Self { name, bytes, parsed }
    }

    /// The glyph of a character; of one that the font has not, of one that looks like it, else a question mark.
    pub fn glyph(&self, character: char) -> u16 {
        let find = |character: char| self.parsed.lookup_glyph_index(character.into());
        let alike = match character {
            // The minus is as wide as a digit, and so is this dash.
            '\u{2212}' => '\u{2013}',
            '\u{2010}' | '\u{2011}' => '-',
            _ => '?',
        };
        find(character).or_else(|| find(alike)).unwrap_or(0)
    }

    /// The advance of a glyph, in units of the font.
    pub fn advance(&self, glyph: u16) -> u16 {
        self.parsed.get_glyph_width(glyph).unwrap_or(0)
    }
}

impl Face {
    pub(super) fn font(self) -> &'static Font {
        match self {
            Self::Regular => &REGULAR,
            Self::Bold => &BOLD,
        }
    }

    /// How wide a text of one line is, in multiples of its size.
    pub(super) fn width(self, text: &str) -> f32 {
        let font = self.font();
        let units: f32 = drawn(text).map(|character| f32::from(font.advance(font.glyph(character)))).sum();
        units / f32::from(font.parsed.units_per_em.max(1))
    }
}

/// The characters of a text as they are drawn: no-break spaces as spaces, nothing for what cannot be seen.
pub(super) fn drawn(text: &str) -> impl Iterator<Item = char> {
    text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_documents_are_made_of_has_glyphs() {
        for font in [Face::Regular.font(), Face::Bold.font()] {
            let missing =
                |text: &str| text.chars().filter(|c| font.glyph(*c) == font.glyph('?')).collect::<String>();
            assert_eq!(missing("−–—‑·…„“”‘’§&@%/€₺£$¥₴₽zł"), "");
            assert_eq!(missing("ÄÖÜäöüßẞÀÉîñçøåæœšžčřłńşğıİőűțđþ"), "");
            assert_eq!(missing("АБВГҐДЕЁЄЖЗИІЇЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгґдеёєжзиіїйѝљњћџ"), "");
            assert_eq!(missing("ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩάέήίόύώςϊϋΐΰ"), "");
            assert_eq!(missing("漢"), "漢");
        }
    }
}
