//! The file: glyphs in use are cut out of the fonts, and marks become operations of a page.

use std::collections::BTreeMap;

use printpdf::{
    Codepoint, Color, FontId, Mm, Op, PaintMode, ParsedFont, PdfDocument, PdfFont, PdfFontHandle, PdfPage,
    PdfSaveOptions, Point, Pt, Rect, Rgb, TextItem,
};
use subsetter::GlyphRemapper;

use super::face::drawn;
use super::{Document, Face, HEIGHT, Mark, Style, WIDTH};

/// Who made the file, as readers show it.
const PRODUCER: &str = "Keyrack";

/// A face in the file, with the numbers that the glyphs of characters have there.
struct Embedded {
    id: FontId,
    glyphs: BTreeMap<char, u16>,
}

pub(super) fn file(document: &Document) -> Vec<u8> {
    let mut pdf = PdfDocument::new(&document.title);
    let info = &mut pdf.metadata.info;
    info.author.clone_from(&document.author);
    PRODUCER.clone_into(&mut info.creator);
    PRODUCER.clone_into(&mut info.producer);
    if let Ok(at) = printpdf::OffsetDateTime::from_unix_timestamp(document.created_at.timestamp()) {
        info.creation_date = at;
        info.modification_date = at;
    }
    let mut faces = BTreeMap::new();
    for face in [Face::Regular, Face::Bold] {
        if let Some((embedded, font)) = embed(document, face) {
            pdf.resources.fonts.map.insert(embedded.id.clone(), PdfFont::new(font));
            faces.insert(face, embedded);
        }
    }
    pdf.pages = document
        .pages
        .iter()
        .map(|marks| {
            let operations = marks.iter().flat_map(|mark| draw(mark, &faces)).collect();
            let mut page = PdfPage::new(Mm(0.0), Mm(0.0), operations);
            for part in [&mut page.media_box, &mut page.trim_box, &mut page.crop_box] {
                *part = Rect::from_wh(Pt(WIDTH), Pt(HEIGHT));
            }
            page
        })
        .collect();
    let mut file = pdf.to_lopdf_document(&PdfSaveOptions::default(), &mut Vec::new());
    // A random number, which makes two files of the same document differ; only encrypted ones need it.
    file.trailer.remove(b"ID");
    file.compress();
    let mut bytes = Vec::new();
    if let Err(error) = file.save_to(&mut bytes) {
        // Writing to memory does not fail.
        tracing::error!(%error, "pdf.not_written");
    }
    bytes
}

/// Cuts the glyphs of a document out of a face; none if it has no text in it.
fn embed(document: &Document, face: Face) -> Option<(Embedded, ParsedFont)> {
    let font = face.font();
    let texts = document.pages.iter().flatten().filter_map(|mark| match mark {
        Mark::Text { text, style, .. } if style.face == face => Some(text),
        _ => None,
    });
    let whole: BTreeMap<char, u16> =
        texts.flat_map(|text| drawn(text)).map(|character| (character, font.glyph(character))).collect();
    if whole.is_empty() {
        return None;
    }
    let mut remapper = GlyphRemapper::new();
    let cut: BTreeMap<char, u16> =
        whole.iter().map(|(character, glyph)| (*character, remapper.remap(*glyph))).collect();
    let (bytes, glyphs) = match subsetter::subset(font.bytes, 0, &remapper) {
        Ok(bytes) => (bytes, cut),
        Err(error) => {
            tracing::warn!(%error, font = font.name, "pdf.font_embedded_whole");
            (font.bytes.to_vec(), whole)
        }
    };
    let advances =
        glyphs.iter().map(|(character, glyph)| (*glyph, font.advance(font.glyph(*character)))).collect();
    let mut parsed = ParsedFont::with_glyph_data(
        bytes,
        0,
        // Six letters before the name say that it is a part of the font (ISO 32000-1, 9.6.4).
        Some(format!("KEYRAC+{}", font.name)),
        glyphs.iter().map(|(character, glyph)| (u32::from(*character), *glyph)).collect(),
        advances,
        font.parsed.units_per_em,
        font.parsed.font_metrics.clone(),
    );
    parsed.pdf_font_metrics = font.parsed.pdf_font_metrics.clone();
    Some((Embedded { id: FontId(font.name.to_owned()), glyphs }, parsed))
}

fn draw(mark: &Mark, faces: &BTreeMap<Face, Embedded>) -> Vec<Op> {
    match mark {
        Mark::Text { x, y, text, style } => {
            faces.get(&style.face).map(|face| write(face, *x, *y, text, *style)).unwrap_or_default()
        }
        Mark::Fill { x, y, width, height, colour } => {
            let mut rectangle = Rect::from_xywh(Pt(*x), Pt(HEIGHT - y - height), Pt(*width), Pt(*height));
            rectangle.mode = Some(PaintMode::Fill);
            vec![Op::SetFillColor { col: colour_of(*colour) }, Op::DrawRectangle { rectangle }]
        }
    }
}

fn write(face: &Embedded, x: f32, y: f32, text: &str, style: Style) -> Vec<Op> {
    let glyphs = drawn(text)
        .map(|character| {
            let glyph = face.glyphs.get(&character).copied().unwrap_or(0);
            Codepoint::with_cid(glyph, 0.0, character.to_string())
        })
        .collect();
    vec![
        Op::SetFillColor { col: colour_of(style.colour) },
        Op::StartTextSection,
        Op::SetFont { font: PdfFontHandle::External(face.id.clone()), size: Pt(style.size) },
        Op::SetTextCursor { pos: Point { x: Pt(x), y: Pt(HEIGHT - y) } },
        Op::ShowText { items: vec![TextItem::GlyphIds(glyphs)] },
        Op::EndTextSection,
    ]
}

fn colour_of(colour: [u8; 3]) -> Color {
    let [r, g, b] = colour.map(|part| f32::from(part) / 255.0);
    Color::Rgb(Rgb { r, g, b, icc_profile: None })
}
