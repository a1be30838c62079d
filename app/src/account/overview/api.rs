use domain::billing::PricedPlan;
use domain::billing::account::{AccountView, ChangeView, SubscriptionView};
#[cfg(feature = "ssr")]
use domain::billing::account::{AddonView, InvoiceView};
use domain::ids::{AddonSubscriptionId, InvoiceId, PlanId, SubscriptionId};
use leptos::prelude::*;

use crate::error::AppError;
#[cfg(feature = "ssr")]
use crate::routes;

/// Everything the account has.
#[server(prefix = "/actions", endpoint = "account")]
pub async fn load_account() -> Result<AccountView, AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let (billing, permit) = (&services.billing, who.account()?);
    let now = services.clock.now();
    let invoices = billing.invoices(permit, None).await?.into_iter().map(InvoiceView::from);
    let addons = billing.addon_subscriptions(permit).await?.into_iter();
    let view = |it: billing::subscriptions::AddonSubscription| AddonView {
        id: it.id,
        is_active: it.status == "active",
        name: it.name,
        expires_at: it.expires_at,
    };
    Ok(AccountView {
        subscriptions: billing.subscriptions(permit).await?.into_iter().map(Into::into).collect(),
        addons: addons.filter(|it| it.is_current(now)).map(view).collect(),
        open_invoices: invoices.filter(InvoiceView::is_open).collect(),
        tokens: billing.token_balance(permit).await?,
        has_card: billing.has_card(permit).await?,
        now,
    })
}

/// Cancels, pauses or resumes a subscription, or stays with its plan.
#[server(prefix = "/actions", endpoint = "change-subscription")]
pub async fn change_subscription(id: SubscriptionId, act: String) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let (billing, permit) = (&services.billing, who.account()?);
    let notice = match act.as_str() {
        "cancel" => billing.cancel(permit, id).await.map(|_| "subscription_cancelled"),
        "pause" => billing.pause(permit, id).await.map(|_| "subscription_paused"),
        "resume" => billing.resume(permit, id).await.map(|_| "subscription_resumed"),
        "keep_plan" => billing.keep_plan(permit, id).await.map(|_| "plan_kept"),
        _ => return Err(AppError::NotFound),
    }?;
    ctx::go_to(routes::ACCOUNT, Some(ctx::Notice::new(notice)));
    Ok(())
}

/// Cancels an add-on; it runs to its end.
#[server(prefix = "/actions", endpoint = "cancel-addon")]
pub async fn cancel_addon(id: AddonSubscriptionId) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    services.billing.cancel_addon(who.account()?, id).await?;
    ctx::go_to(routes::ACCOUNT, Some(ctx::Notice::new("addon_cancelled")));
    Ok(())
}

/// Gives up an order that was not paid.
#[server(prefix = "/actions", endpoint = "give-up-order")]
pub async fn give_up_order(id: InvoiceId) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    services.billing.abandon_order(who.account()?, id).await?;
    ctx::go_to(routes::ACCOUNT, Some(ctx::Notice::new("order_given_up")));
    Ok(())
}

/// Goes to the payment provider's page where a card is changed.
#[server(prefix = "/actions", endpoint = "change-card")]
pub async fn change_card() -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let back = format!("{}{}", services.base_url, routes::ACCOUNT);
    let url = services.billing.portal(who.account()?, &back).await?;
    ctx::go_to(&url, None);
    Ok(())
}

/// A subscription with the plans that it could have instead, and what each would cost now.
#[server(prefix = "/actions", endpoint = "changes")]
pub async fn load_changes(
    id: SubscriptionId,
) -> Result<(SubscriptionView, Vec<(PricedPlan, Option<ChangeView>)>), AppError> {
    let (services, who) = crate::server_ctx::context()?;
    let (billing, permit) = (&services.billing, who.account()?);
    let subscription = billing.subscription(permit, id).await?;
    let opens = subscription.module.clone();
    let subscription = SubscriptionView::from(subscription);
    let present = subscription.plan_id;
    let plans = if permit.is_company() {
        let modules = billing.modules(permit).await?;
        // The present plan may not be among them any more.
        let own = modules.into_iter().find(|module| opens.as_ref() == Some(&module.name));
        own.map(|module| module.plans).unwrap_or_default()
    } else {
        billing.shop(permit, Some(subscription.price.currency.code())).await?.plans
    };
    let others: Vec<PlanId> = plans.iter().map(|it| it.plan.id).filter(|id| *id != present).collect();
    let mut costs = billing.preview_changes(permit, id, &others).await?;
    let priced = plans.into_iter().filter(|it| it.plan.id != present);
    Ok((
        subscription,
        priced
            .map(|plan| {
                let cost = costs.remove(&plan.plan.id);
                // In the currency in which it goes on, also where nothing is sold in that one any more.
                let net = cost.as_ref().map_or(plan.net, |cost| cost.price);
                // With the tax of its renewals: without an address that of the order, which the shop knows nothing of.
                let tax_rate = cost.as_ref().map_or(plan.tax_rate, |cost| cost.tax_rate);
                (PricedPlan { net, tax_rate, ..plan }, cost)
            })
            .collect(),
    ))
}

/// Asks for a better plan, and goes to where the difference is paid.
#[server(prefix = "/actions", endpoint = "upgrade")]
pub async fn upgrade(id: SubscriptionId, plan_id: PlanId) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    let permit = who.account()?;
    let changed = services.billing.upgrade(permit, id, plan_id).await?;
    if changed.change.totals.total.minor == 0 {
        ctx::go_to(routes::ACCOUNT, Some(ctx::Notice::new("plan_changed")));
        return Ok(());
    }
    let page = routes::account_invoice(changed.invoice_id);
    crate::account::invoices::api::go_and_pay(&services, &who, changed.invoice_id, None, &page).await
}

/// Takes a lesser plan from the next renewal on.
#[server(prefix = "/actions", endpoint = "downgrade")]
pub async fn downgrade(id: SubscriptionId, plan_id: PlanId) -> Result<(), AppError> {
    use crate::server_ctx as ctx;
    let (services, who) = ctx::context()?;
    services.billing.downgrade(who.account()?, id, plan_id).await?;
    ctx::go_to(routes::ACCOUNT, Some(ctx::Notice::new("downgrade_scheduled")));
    Ok(())
}
