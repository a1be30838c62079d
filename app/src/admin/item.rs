use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use ui::{
    Button, ButtonKind, DateField, FormState, Notice, NoticeKind, SelectField, SelectOption, TextArea,
    TextField,
};

use super::api::{Act, SaveItem, load_item};
use super::fields::{FieldSpec, Kind, fields};
use super::model::{Action, Item, Subject};
use super::show::{TableView, cell};
use crate::error::AppError;
use crate::routes;
use crate::shared::form::{Form, FormToken, PostForm};
use crate::shared::loaded::{Failed, Loaded, load};
use crate::texts::{error_text, fill, texts};

/// One thing: its facts, what can be done with it, its form.
#[component]
pub fn ItemPage() -> impl IntoView {
    let params = use_params_map();
    let place = Memo::new(move |_| {
        params.with(|params| {
            let part = |name: &str| params.get(name).unwrap_or_default();
            (part("subject"), part("id"))
        })
    });
    move || {
        let (slug, id) = place.get();
        match slug.parse::<Subject>() {
            Ok(subject) => view! { <One subject id/> }.into_any(),
            Err(()) => view! { <Failed error=AppError::NotFound/> }.into_any(),
        }
    }
}

#[component]
fn One(subject: Subject, id: String) -> impl IntoView {
    let wanted = id.clone();
    let data = load(|| (), move |()| load_item(subject.slug().to_owned(), wanted.clone()));
    view! {
        <Loaded data children=move |item: Item| {
            let id = id.clone();
            view! { <Shown subject id item/> }
        }/>
    }
}

#[component]
fn Shown(subject: Subject, id: String, item: Item) -> impl IntoView {
    let t = &texts().admin;
    let is_new = id == "new";
    let title = if is_new { fill(t.new_one, &[("what", &subject.one().to_lowercase())]) } else { item.title };
    let refused = Form::about::<Act>("", Some(("id", &id))).error.map(|error| error_text(&error));
    let state = item.state.into_iter().map(cell).collect_view();
    let actions =
        item.actions.into_iter().map(|action| view! { <Do subject id=id.clone() action/> }).collect_view();
    let links = item
        .links
        .into_iter()
        .map(|(text, href)| view! { <a class="button" href=href>{text}</a> })
        .collect_view();
    let facts = item
        .facts
        .into_iter()
        .map(|(name, value)| view! { <div><dt>{name}</dt><dd>{cell(value)}</dd></div> })
        .collect::<Vec<_>>();
    let tables = item
        .tables
        .into_iter()
        .map(|(heading, table)| {
            let body = if table.rows.is_empty() {
                view! { <p class="list-empty">{t.nothing_yet}</p> }.into_any()
            } else {
                view! { <TableView table/> }.into_any()
            };
            view! { <section class="part"><h2>{heading}</h2>{body}</section> }
        })
        .collect_view();
    let form = (!item.values.is_empty()).then(|| {
        view! { <Edit subject id=id.clone() values=item.values options=item.options version=item.version/> }
    });
    let long_text = item.long_text.map(|(heading, text)| {
        view! { <section class="panel"><h2>{heading}</h2><pre class="payload" tabindex="0">{text}</pre></section> }
    });
    view! {
        <Title text=title.clone()/>
        <p class="crumbs"><a href=routes::admin_list(subject)>{subject.title()}</a></p>
        <div class="title-row"><h1>{title}</h1> {state} <div class="button-row">{links}{actions}</div></div>
        {refused.map(|text| view! { <Notice kind=NoticeKind::Problem text/> })}
        <div class="columns">
            {(!facts.is_empty()).then(|| view! { <div><section class="panel"><h2>{t.facts}</h2><dl class="facts">{facts}</dl></section></div> })}
            {form}
        </div>
        {tables}
        {long_text}
    }
}

/// One thing that can be done. What cannot be taken back is asked for once more, in place.
#[component]
fn Do(subject: Subject, id: String, action: Action) -> impl IntoView {
    let t = &texts().admin;
    let field_id = format!("said-{}", action.name);
    let has_field = action.field.is_some();
    let field = action.field.map(|(label, value)| {
        view! {
            <div class="field"><label for=field_id.clone()>{label}</label><input type="text" id=field_id.clone() name="said" value=value maxlength="200" autocomplete="off"/></div>
        }
    });
    let class = if action.is_final { "button button-danger" } else { "button" };
    let inside = view! {
        <form method="post" action=Act::PATH class="form"><FormToken/>
            <input type="hidden" name="subject" value=subject.slug()/>
            <input type="hidden" name="id" value=id/>
            {field}
            <button type="submit" name="action" value=action.name class=class>{action.text.clone()}</button>
        </form>
    };
    if action.is_final || has_field {
        view! {
            <details class="menu menu-right"><summary class=class>{action.text}</summary>
                <div class="menu-list menu-form">{action.is_final.then(|| view! { <p class="sub">{t.cannot_be_undone}</p> })} {inside}</div>
            </details>
        }
        .into_any()
    } else {
        inside.into_any()
    }
}

#[component]
fn Edit(
    subject: Subject,
    id: String,
    values: BTreeMap<String, String>,
    options: BTreeMap<String, Vec<(String, String)>>,
    version: i32,
) -> impl IntoView {
    let is_new = id == "new";
    let t = &texts().admin;
    let form = Form::about::<SaveItem>("fields", Some(("id", &id)));
    let state = form.state.clone();
    let was_refused = form.was_refused();
    let fields = fields(subject)
        .iter()
        .filter(|spec| if is_new { !spec.only_old } else { !spec.only_new })
        .filter(|spec| !spec.only_some || values.contains_key(spec.name))
        .map(|spec| field(spec, &state, &values, &options, was_refused))
        .collect_view();
    view! {
        <div><section class="panel panel-form"><h2>{if is_new { t.details } else { t.change }}</h2>
            <PostForm form>
                <input type="hidden" name="subject" value=subject.slug()/>
                <input type="hidden" name="id" value=id/>
                <input type="hidden" name="version" value=version.to_string()/>
                {fields}
                <Button kind=ButtonKind::Primary text=if is_new { t.create } else { texts().common.save }/>
            </PostForm>
        </section></div>
    }
}

fn field(
    spec: &'static FieldSpec,
    state: &FormState,
    values: &BTreeMap<String, String>,
    options: &BTreeMap<String, Vec<(String, String)>>,
    was_refused: bool,
) -> AnyView {
    let name = spec.name;
    let label = (spec.label)(&texts().admin);
    let help = spec.help.map(|help| help(&texts().admin).to_owned());
    let value = values.get(name).cloned().unwrap_or_default();
    let state = state.clone();
    let choices = options.get(name).cloned().unwrap_or_default();
    match spec.kind {
        Kind::Text | Kind::Number | Kind::Password => {
            let kind = if spec.kind == Kind::Password { "password" } else { "text" };
            let inputmode = (spec.kind == Kind::Number).then_some("decimal");
            let autocomplete = if spec.kind == Kind::Password { "new-password" } else { "off" };
            match (help, inputmode) {
                (Some(help), Some(inputmode)) => {
                    view! { <TextField form=state name label kind value help inputmode autocomplete/> }
                        .into_any()
                }
                (Some(help), None) => {
                    view! { <TextField form=state name label kind value help autocomplete/> }.into_any()
                }
                (None, Some(inputmode)) => {
                    view! { <TextField form=state name label kind value inputmode autocomplete/> }.into_any()
                }
                (None, None) => {
                    view! { <TextField form=state name label kind value autocomplete/> }.into_any()
                }
            }
        }
        Kind::Hidden => view! { <input type="hidden" name=state.name(name) value=value/> }.into_any(),
        Kind::Area => match help {
            Some(help) => view! { <TextArea form=state name label value help/> }.into_any(),
            None => view! { <TextArea form=state name label value/> }.into_any(),
        },
        Kind::Date => view! { <DateField form=state name label value/> }.into_any(),
        Kind::Select => {
            let options =
                choices.into_iter().map(|(value, text)| SelectOption::new(value, text)).collect::<Vec<_>>();
            view! { <SelectField form=state name label value options/> }.into_any()
        }
        Kind::Check => {
            // A form that was refused lacks the boxes that were not ticked.
            let is_on =
                if was_refused { state.values.contains_key(&state.name(name)) } else { value == "on" };
            view! { <label class="check"><input type="checkbox" name=state.name(name) value="on" checked=is_on/> {label}</label> }.into_any()
        }
        Kind::Choices => {
            let boxes = choices
                .into_iter()
                .map(|(id, text)| {
                    let name = state.name(&format!("{name}-{id}"));
                    let is_on = if was_refused { state.values.contains_key(&name) } else { value.split(' ').any(|it| it == id) };
                    view! { <label class="check"><input type="checkbox" name=name value="on" checked=is_on/> {text}</label> }
                })
                .collect_view();
            view! { <fieldset class="choices"><legend>{label}</legend>{boxes}{help.map(|help| view! { <p class="field-help">{help}</p> })}</fieldset> }
                .into_any()
        }
    }
}
