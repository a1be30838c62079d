use domain::access::PlatformPermission;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use ui::{ButtonKind, EmptyState, FormState, LinkButton, SelectField, SelectOption, TextField};

use super::api::load_list;
use super::model::{Subject, Table, Wanted};
use super::show::TableView;
use crate::error::AppError;
use crate::routes;
use crate::shared::loaded::{Failed, Loaded, load};
use crate::shared::page::PageFacts;
use crate::texts::{fill, texts};

/// A list of one subject, with search and filter.
#[component]
pub fn ListPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let slug = Memo::new(move |_| params.with(|params| params.get("subject").unwrap_or_default()));
    move || match slug.get().parse::<Subject>() {
        Ok(subject) => view! { <List subject query/> }.into_any(),
        Err(()) => view! { <Failed error=AppError::NotFound/> }.into_any(),
    }
}

#[component]
fn List(subject: Subject, query: Memo<leptos_router::params::ParamsMap>) -> impl IntoView {
    let t = &texts().admin;
    let wanted = move || {
        query.with(|query| {
            let parameter = |name: &str| query.get(name).unwrap_or_default();
            Wanted {
                search: parameter("search"),
                state: parameter("state"),
                account: parameter("account"),
                after: parameter("after"),
                rows: 0,
            }
        })
    };
    let data = load(wanted, move |wanted| load_list(subject.slug().to_owned(), wanted));
    let asked = Signal::derive(wanted).get_untracked();
    let states = subject.states();
    let filter = (!states.is_empty() || subject.search_help().is_some()).then(|| {
        let mut options = vec![SelectOption::new("", t.all_states)];
        options.extend(states.iter().map(|(value, text)| SelectOption::new(*value, *text)));
        let account = asked.account.clone();
        view! {
            <form method="get" action=routes::admin_list(subject) class="filter-row" role="search" aria-label=subject.title()>
                {subject.search_help().map(|help| view! {
                    <TextField form=FormState::default() name="search" label=texts().common.search kind="search" value=asked.search.clone() help/>
                })}
                {(!states.is_empty()).then(|| view! {
                    <SelectField form=FormState::default() name="state" label=t.state value=asked.state.clone() options/>
                })}
                {(!account.is_empty()).then(|| view! { <input type="hidden" name="account" value=account/> })}
                <button type="submit" class="button">{t.show}</button>
            </form>
        }
    });
    let may_change =
        PageFacts::get().actor.is_some_and(|actor| actor.has(PlatformPermission::manage(subject.resource())));
    let export = routes::admin_export(subject, &asked);
    let of_one = (!asked.account.is_empty()).then(|| {
        view! {
            <p class="sub">{t.of_one} " " <a href=routes::admin_list(subject)>{t.of_all}</a></p>
        }
    });
    let next_of = asked.clone();
    view! {
        <Title text=subject.title()/>
        <div class="title-row"><h1>{subject.title()}</h1>
            <div class="button-row">
                <LinkButton kind=ButtonKind::Quiet href=export text=t.csv/>
                {(subject.is_made_here() && may_change).then(|| view! {
                    <LinkButton kind=ButtonKind::Primary icon="plus" href=routes::admin_item(subject, "new") text=t.new/>
                })}
            </div>
        </div>
        {filter}
        {of_one}
        <Loaded data children=move |mut table: Table| {
            if table.rows.is_empty() {
                let title = fill(t.empty, &[("what", &subject.title().to_lowercase())]);
                return view! { <EmptyState icon=subject.icon() title text=t.empty_text/> }.into_any();
            }
            let next = table.next.take().map(|after| {
                let wanted = Wanted { after, ..next_of.clone() };
                view! { <p class="pager"><a class="button" href=routes::admin_wanted(subject, &wanted)>{t.older}</a></p> }
            });
            view! { <TableView table/> {next} }.into_any()
        }/>
    }
}
