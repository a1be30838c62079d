//! PDF documents: text, lines and surfaces on pages of A4, in embedded fonts of which only the glyphs in use are kept.
//!
//! What a document says and where is for the contexts; here is how it is drawn. All lengths are points (1/72 inch), all
//! places are from the top left corner of the page, and text stands on its base line. The same calls give the same bytes.

mod face;
mod write;

use chrono::{DateTime, Utc};

pub use face::Face;

/// The width of a page.
pub const WIDTH: f32 = 595.276;
/// The height of a page.
pub const HEIGHT: f32 = 841.89;

/// How text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// The face.
    pub face: Face,
    /// The size.
    pub size: f32,
    /// Red, green and blue.
    pub colour: [u8; 3],
}

impl Style {
    /// How wide a text of one line is.
    pub fn width(&self, text: &str) -> f32 {
        self.face.width(text) * self.size
    }

    /// Breaks a text into lines of at most `width`, at blanks where there are some; its own line breaks stay.
    pub fn wrap(&self, text: &str, width: f32) -> Vec<String> {
        let mut lines = Vec::new();
        for paragraph in text.lines() {
            let mut line = String::new();
            for word in paragraph.split_whitespace() {
                let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
                if self.width(&longer) <= width {
                    line = longer;
                    continue;
                }
                if !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                }
                line = self.broken(word, width, &mut lines);
            }
            lines.push(line);
        }
        lines
    }

    /// Breaks a word that is wider than a line, and gives its rest.
    fn broken(self, word: &str, width: f32, lines: &mut Vec<String>) -> String {
        let mut line = String::new();
        for letter in word.chars() {
            line.push(letter);
            if self.width(&line) > width && line.chars().count() > 1 {
                line.pop();
                lines.push(std::mem::replace(&mut line, letter.to_string()));
            }
        }
        line
    }
}

/// Something on a page.
#[derive(Debug, Clone)]
enum Mark {
    Text { x: f32, y: f32, text: String, style: Style },
    Fill { x: f32, y: f32, width: f32, height: f32, colour: [u8; 3] },
}

/// A document that is being drawn.
#[derive(Debug, Clone)]
pub struct Document {
    title: String,
    author: String,
    created_at: DateTime<Utc>,
    pages: Vec<Vec<Mark>>,
}

impl Document {
    /// A document with its first page. Title, author and date are shown by readers, not on the pages.
    pub fn new(title: &str, author: &str, created_at: DateTime<Utc>) -> Self {
        Self { title: title.to_owned(), author: author.to_owned(), created_at, pages: vec![Vec::new()] }
    }

    /// Begins another page.
    pub fn begin_page(&mut self) {
        self.pages.push(Vec::new());
    }

    /// How many pages there are.
    pub fn page_count(&self) -> usize {
        self.pages.len()
    }

    /// Draws on each page in turn, told its number from 1: footers know how many pages there are when all is drawn.
    pub fn on_each_page(&mut self, draw: impl Fn(&mut Self, usize)) {
        let pages = std::mem::take(&mut self.pages);
        let mut finished = Vec::with_capacity(pages.len());
        for (index, page) in pages.into_iter().enumerate() {
            self.pages = vec![page];
            draw(self, index + 1);
            finished.append(&mut self.pages);
        }
        self.pages = finished;
    }

    /// Writes one line of text that begins at `x`.
    pub fn text(&mut self, x: f32, y: f32, text: &str, style: Style) {
        self.mark(Mark::Text { x, y, text: text.to_owned(), style });
    }

    /// Writes one line of text that ends at `right`.
    pub fn text_to(&mut self, right: f32, y: f32, text: &str, style: Style) {
        self.text(right - style.width(text), y, text, style);
    }

    /// Fills a rectangle; a thin one is a line.
    pub fn fill(&mut self, x: f32, y: f32, width: f32, height: f32, colour: [u8; 3]) {
        self.mark(Mark::Fill { x, y, width, height, colour });
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    /// The document as a file.
    pub fn finish(&self) -> Vec<u8> {
        write::file(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: Style = Style { face: Face::Regular, size: 10.0, colour: [0, 0, 0] };

    proptest! {
        #[test]
        fn lines_are_as_wide_as_they_may_be_and_lose_nothing(text in "[a-zäß€Жλ ]{0,200}", width in 12.0f32..200.0) {
            let lines = PLAIN.wrap(&text, width);
            for line in &lines {
                prop_assert!(PLAIN.width(line) <= width, "{line:?} is {}", PLAIN.width(line));
            }
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }

        #[test]
        fn any_text_can_be_written(text: String) {
            let mut document = Document::new(&text, &text, DateTime::UNIX_EPOCH);
            document.text_to(500.0, 100.0, &text, PLAIN);
            prop_assert!(document.finish().starts_with(b"%PDF-"));
        }
    }

    #[test]
    fn line_breaks_stay_and_words_move_whole() {
        assert_eq!(PLAIN.wrap("one\ntwo three", 1000.0), ["one", "two three"]);
        assert_eq!(PLAIN.wrap("one two", PLAIN.width("one tw")), ["one", "two"]);
    }

    #[test]
    fn the_same_calls_give_the_same_bytes_and_only_glyphs_in_use() {
        let mut document = Document::new("Title", "Author", DateTime::UNIX_EPOCH);
        document.text(50.0, 50.0, "Größe: 5 €, ₺, Жизнь, λόγος", PLAIN);
        document.begin_page();
        document.text(50.0, 50.0, "2", Style { face: Face::Bold, ..PLAIN });
        let file = document.finish();
        assert_eq!(file, document.finish());
        assert!(file.len() < 40_000, "{} bytes", file.len());
    }
}
