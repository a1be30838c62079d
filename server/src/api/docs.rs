//! The OpenAPI document, and a page to read it.

use std::fmt::Write;
use std::sync::OnceLock;

use axum::response::{Html, IntoResponse};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::Value;

/// The document as text; it never changes while the server runs.
fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| super::document().to_string())
}

/// The OpenAPI document of this server.
#[utoipa::path(get, path = "/api/openapi.json", tag = "documentation", responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
pub async fn document() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "public, max-age=300")], text())
}

/// The same to read.
#[utoipa::path(get, path = "/api/docs", tag = "documentation", responses((status = 200, description = "HTML", content_type = "text/html", body = String)))]
pub async fn page() -> impl IntoResponse {
    static PAGE: OnceLock<String> = OnceLock::new();
    Html(PAGE.get_or_init(|| render(&serde_json::from_str(text()).unwrap_or(Value::Null))).as_str())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// One page without scripts or styles of others: contents at the left, a section for each operation.
fn render(document: &Value) -> String {
    let mut contents = String::new();
    let mut sections = String::new();
    let empty = serde_json::Map::new();
    for (path, methods) in document["paths"].as_object().unwrap_or(&empty) {
        for (method, operation) in methods.as_object().unwrap_or(&empty) {
            let id = format!("{method}-{}", path.trim_matches('/').replace(['/', '{', '}'], "-"));
            let method = method.to_uppercase();
            let _ = write!(contents, r##"<li><a href="#{id}"><b>{method}</b> {}</a></li>"##, escape(path));
            let _ = write!(sections, r#"<section id="{id}"><h2><b>{method}</b> {}</h2>"#, escape(path));
            for text in ["summary", "description"].iter().filter_map(|key| operation[*key].as_str()) {
                let _ = write!(sections, "<p>{}</p>", escape(text));
            }
            parameters(&mut sections, &operation["parameters"]);
            if let Some(content) = operation["requestBody"]["content"].as_object() {
                for (kind, body) in content {
                    let _ = write!(sections, "<h3>Body <small>{}</small></h3>", escape(kind));
                    schema(&mut sections, document, &body["schema"]);
                }
            }
            for (status, answer) in operation["responses"].as_object().unwrap_or(&empty) {
                let _ = write!(
                    sections,
                    "<h3>{status} <small>{}</small></h3>",
                    escape(answer["description"].as_str().unwrap_or(""))
                );
                if status.starts_with('2')
                    && let Some(body) =
                        answer["content"].as_object().and_then(|content| content.values().next())
                {
                    schema(&mut sections, document, &body["schema"]);
                }
            }
            sections.push_str("</section>");
        }
    }
    let about = escape(document["info"]["description"].as_str().unwrap_or(""));
    format!(
        r#"<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>REST of Keyrack</title><link rel="stylesheet" href="/docs.css"></head>
<body><nav aria-label="Operations"><ul>{contents}</ul></nav><main><h1>REST of Keyrack</h1><p>{about}</p>
<p><a href="/api/openapi.json">The OpenAPI document</a></p>{sections}</main></body></html>"#
    )
}

fn parameters(out: &mut String, parameters: &Value) {
    let Some(list) = parameters.as_array().filter(|list| !list.is_empty()) else { return };
    out.push_str("<h3>Parameters</h3><dl>");
    for parameter in list {
        let name = parameter["name"].as_str().unwrap_or("");
        let place = parameter["in"].as_str().unwrap_or("");
        let text = parameter["description"].as_str().unwrap_or("");
        let _ = write!(
            out,
            "<dt><code>{}</code> <small>{place}</small></dt><dd>{}</dd>",
            escape(name),
            escape(text)
        );
    }
    out.push_str("</dl>");
}

/// The fields of a schema, following references one level.
fn schema(out: &mut String, document: &Value, schema: &Value) {
    let target = schema["$ref"].as_str().or_else(|| schema["items"]["$ref"].as_str());
    let resolved =
        target.and_then(|target| document.pointer(target.trim_start_matches('#'))).unwrap_or(schema);
    let Some(properties) = resolved["properties"].as_object() else { return };
    let required: Vec<_> =
        resolved["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    out.push_str("<dl>");
    for (name, property) in properties {
        let needed = if required.contains(&name.as_str()) { "" } else { " <small>optional</small>" };
        let text = property["description"].as_str().unwrap_or("");
        let _ = write!(out, "<dt><code>{}</code>{needed}</dt><dd>{}</dd>", escape(name), escape(text));
    }
    out.push_str("</dl>");
}
