use domain::access::PlatformPermission;
use leptos::prelude::*;
use leptos_meta::Title;
use ui::{EmptyState, Notice, NoticeKind};

use super::api::{Business, Figure, Month, load_business};
use crate::shared::loaded::{Loaded, load};
use crate::shared::page::PageFacts;
use crate::shared::show;
use crate::texts::{fill, texts};

/// How business goes: each figure against the 30 days before, and a year month by month.
#[component]
pub fn DashboardPage() -> impl IntoView {
    let t = &texts().admin;
    let may_look = PageFacts::get()
        .actor
        .is_some_and(|actor| actor.has(PlatformPermission::view(domain::access::Resource::Analytics)));
    if !may_look {
        return view! {
            <Title text=t.title/>
            <div class="title-row"><h1>{t.title}</h1></div>
            <EmptyState icon="layout-dashboard" title=t.no_figures text=t.no_figures_text/>
        }
        .into_any();
    }
    let data = load(|| (), |()| load_business());
    view! {
        <Title text=t.dashboard/>
        <div class="title-row"><h1>{t.dashboard}</h1><span class="sub">{t.against}</span></div>
        <Loaded data children={|business: Business| view! { <Shown business/> }}/>
    }
    .into_any()
}

#[component]
fn Shown(business: Business) -> impl IntoView {
    let attention = business
        .attention
        .into_iter()
        .map(|(name, count, href)| {
            let text = format!("{}: {name}", show::number(count));
            view! { <Notice kind=NoticeKind::Problem text><a href=href>{texts().admin.look}</a></Notice> }
        })
        .collect_view();
    let charts = business
        .charts
        .into_iter()
        .map(|(heading, months)| view! { <div><Chart heading months/></div> })
        .collect_view();
    let figures = business.figures.into_iter().map(|figure| view! { <Number figure/> }).collect_view();
    view! {
        {attention}
        <dl class="figures">{figures}</dl>
        <div class="columns">{charts}</div>
    }
}

#[component]
fn Number(figure: Figure) -> impl IntoView {
    let t = &texts().admin;
    let percent = figure.change.unsigned_abs();
    let amount = format!("{}.{} %", percent / 100, percent % 100 / 10);
    let (class, text) = match figure.change {
        0 => ("change", t.no_change.to_owned()),
        change => {
            let is_up = change > 0;
            let class =
                if is_up == figure.is_worse_up { "change change-worse" } else { "change change-better" };
            (class, fill(if is_up { t.up } else { t.down }, &[("percent", &amount)]))
        }
    };
    view! { <div class="figure"><dt>{figure.name}</dt><dd><strong>{figure.value}</strong> <span class=class>{text}</span></dd></div> }
}

/// The width of a month.
const STEP: u32 = 56;
/// The height of the highest bar.
const HEIGHT: i64 = 140;

/// The height of a value where `most` is the highest.
fn height(value: i64, most: i64) -> i64 {
    value.saturating_mul(HEIGHT) / most.max(1)
}

/// Bars from zero with a thin line for the year before, and the same as a table behind a link.
#[component]
fn Chart(heading: String, months: Vec<Month>) -> impl IntoView {
    let t = &texts().admin;
    let most = months.iter().map(|month| month.value.max(month.before)).max().unwrap_or(0).max(1);
    let width = STEP * u32::try_from(months.len()).unwrap_or(12);
    let best = months.iter().enumerate().max_by_key(|(_, month)| month.value).map(|(at, _)| at);
    let last = months.len().saturating_sub(1);
    let bars = months
        .iter()
        .enumerate()
        .zip((0..).step_by(STEP as usize))
        .map(|((at, month), x): ((usize, &Month), u32)| {
            let high = height(month.value, most);
            let before = HEIGHT - height(month.before, most) + 20;
            // The best month and the present one say their number; the others would only crowd it.
            let label = (month.value > 0 && (Some(at) == best || at == last)).then(|| {
                view! { <text x=(x + STEP / 2).to_string() y=(HEIGHT - high + 14).to_string() text-anchor="middle" class="chart-value">{month.text.clone()}</text> }
            });
            let line = (month.before > 0).then(|| {
                view! { <line x1=(x + 6).to_string() x2=(x + STEP - 6).to_string() y1=before.to_string() y2=before.to_string() class="chart-before"></line> }
            });
            view! {
                <rect x=(x + 10).to_string() y=(HEIGHT - high + 20).to_string() width=(STEP - 20).to_string() height=high.to_string() rx="3" class="chart-bar"></rect>
                {line} {label}
                <text x=(x + STEP / 2).to_string() y=(HEIGHT + 38).to_string() text-anchor="middle" class="chart-month">{month.name.clone()}</text>
            }
        })
        .collect_view();
    let rows = months
        .iter()
        .map(|month| {
            view! { <tr><th scope="row">{month.name.clone()}</th><td class="col-money">{month.text.clone()}</td><td class="col-money">{month.before_text.clone()}</td></tr> }
        })
        .collect_view();
    view! {
        <section class="panel"><h2>{heading.clone()}</h2>
            <svg class="chart" viewBox=format!("0 0 {width} {}", HEIGHT + 46) role="img" aria-label=heading>
                <line x1="0" x2=width.to_string() y1=(HEIGHT + 20).to_string() y2=(HEIGHT + 20).to_string() class="chart-zero"></line>
                {bars}
            </svg>
            <p class="sub">{t.line_is_before}</p>
            <details class="more"><summary>{t.as_table}</summary>
                <table class="table"><thead><tr><th scope="col">{t.month}</th><th scope="col" class="col-money">{t.this_year}</th><th scope="col" class="col-money">{t.year_before}</th></tr></thead><tbody>{rows}</tbody></table>
            </details>
        </section>
    }
}
