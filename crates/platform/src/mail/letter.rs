//! The one layout of mail: what is to be said becomes text and HTML.

use std::fmt::Write;

use domain::words::fill;

use super::{Attachment, Message};

domain::catalogue! {
    /// How a letter begins.
    Greeting {
        nameless: "Hello,",
        named: "Hello {name},",
    }
}

/// A part of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A paragraph.
    Text(String),
    /// Facts below each other, each with its name.
    Facts(Vec<(&'static str, String)>),
    /// Something to open: what it is, and its address.
    Link(&'static str, String),
}

/// A letter to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// Who it is to; may be empty.
    pub name: String,
    /// The subject, which is also the heading.
    pub subject: String,
    /// What it says.
    pub parts: Vec<Part>,
    /// Who writes, and how they are reached: a line each.
    pub sender: Vec<String>,
    /// Files that come with it.
    pub attachments: Vec<Attachment>,
}

impl Letter {
    /// The letter as mail.
    pub fn into_message(self) -> Message {
        let (text, html) = (self.text(), self.html());
        Message { to: self.to, subject: self.subject, text, html: Some(html), attachments: self.attachments }
    }

    fn greeting(&self) -> String {
        let texts = Greeting::EN;
        if self.name.is_empty() {
            texts.nameless.to_owned()
        } else {
            fill(texts.named, &[("name", &self.name)])
        }
    }

    fn text(&self) -> String {
        let mut text = self.greeting();
        for part in &self.parts {
            text.push_str("\n\n");
            match part {
                Part::Text(words) => text.push_str(words),
                Part::Facts(facts) => {
                    let lines: Vec<String> =
                        facts.iter().map(|(name, value)| format!("{name}: {value}")).collect();
                    text.push_str(&lines.join("\n"));
                }
                Part::Link(name, address) => {
                    // Writing to a text cannot fail.
                    let _ = write!(text, "{name}:\n{address}");
                }
            }
        }
        // The line of two hyphens and a blank begins a signature.
        let _ = write!(text, "\n\n-- \n{}\n", self.sender.join("\n"));
        text
    }

    fn html(&self) -> String {
        let mut body = String::new();
        let paragraph = |body: &mut String, text: &str| {
            let _ = writeln!(body, "<p style=\"margin:0 0 16px\">{}</p>", escape(text));
        };
        paragraph(&mut body, &self.greeting());
        for part in &self.parts {
            match part {
                Part::Text(words) => paragraph(&mut body, words),
                Part::Facts(facts) => {
                    body.push_str("<table style=\"margin:0 0 16px;border-collapse:collapse\">\n");
                    for (name, value) in facts {
                        let _ = writeln!(
                            body,
                            "<tr><td style=\"padding:4px 24px 4px 0;color:#5f6b76\">{}</td><td style=\"padding:4px 0\">{}</td></tr>",
                            escape(name),
                            escape(value)
                        );
                    }
                    body.push_str("</table>\n");
                }
                Part::Link(name, address) => {
                    let _ = writeln!(
                        body,
                        "<p style=\"margin:0 0 16px\"><a href=\"{}\" style=\"display:inline-block;padding:10px 20px;border-radius:6px;\
                         background:#0b5d5e;color:#ffffff;text-decoration:none\">{}</a></p>",
                        escape(address),
                        escape(name)
                    );
                }
            }
        }
        let sender: Vec<String> = self.sender.iter().map(|line| escape(line)).collect();
        let (subject, sender) = (escape(&self.subject), sender.join("<br>"));
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{subject}</title></head>\n\
             <body style=\"margin:0;padding:24px;background:#f4f6f7;color:#1c232b;font:16px/1.5 system-ui,sans-serif\">\n\
             <div style=\"max-width:560px;margin:0 auto;padding:32px;background:#ffffff;border-radius:8px\">\n\
             <h1 style=\"margin:0 0 24px;font-size:20px;line-height:1.3;color:#0b5d5e\">{subject}</h1>\n{body}\
             <p style=\"margin:24px 0 0;padding:16px 0 0;border-top:1px solid #d9dee3;font-size:13px;color:#5f6b76\">{sender}</p>\n\
             </div>\n</body>\n</html>\n"
        )
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_call_themselves_is_text() {
        let letter = Letter {
            to: "eve@example.com".to_owned(),
            name: "<b>Eve & Co</b>".to_owned(),
            subject: "\"Hi\"".to_owned(),
            parts: vec![
                Part::Facts(vec![("Plan", "<i>".to_owned())]),
                Part::Link("Open", "https://a.example/?b=1&c=\"".to_owned()),
            ],
            sender: vec!["A & B".to_owned()],
            attachments: Vec::new(),
        };
        let message = letter.into_message();
        assert!(
            message
                .text
                .starts_with("Hello <b>Eve & Co</b>,\n\nPlan: <i>\n\nOpen:\nhttps://a.example/?b=1&c=\"")
        );
        let html = message.html.unwrap();
        assert!(!html.contains("<b>") && !html.contains("<i>"), "{html}");
        assert!(
            html.contains("href=\"https://a.example/?b=1&amp;c=&quot;\"") && html.contains("A &amp; B"),
            "{html}"
        );
    }
}
