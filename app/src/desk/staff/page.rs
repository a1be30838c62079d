use domain::access::Role;
use domain::staff::StaffMember;
use leptos::prelude::*;
use leptos_meta::Title;
use ui::{Badge, Button, SelectField, SelectOption, TextField, Tone};

use super::api::{ChangeStaff, CreateStaff, GiveRole, RemoveRole, SetStaffPassword, load_staff};
use crate::shared::form::{Form, PostForm};
use crate::shared::live::LiveVersion;
use crate::shared::loaded::{Loaded, load};
use crate::shared::page::PageFacts;
use crate::shared::show;
use crate::texts::{fill, role_text, texts};

/// The hotel's people: who signs in as what, and may do what.
#[component]
pub fn StaffPage() -> impl IntoView {
    let data = load(LiveVersion::get, |_| load_staff());
    let t = &texts().staff;
    view! {
        <Title text=t.title/>
        <div class="title-row"><h1>{t.title}</h1></div>
        <Loaded data children={|(people, elsewhere): (Vec<StaffMember>, Vec<StaffMember>)| view! {
            <People people/> <AddColleague/> <FromElsewhere people=elsewhere/>
        }}/>
    }
}

/// The roles the reader may give.
fn roles() -> Vec<SelectOption> {
    let own = PageFacts::get().role();
    Role::ALL
        .iter()
        .filter(|role| own.is_some_and(|own| own.may_assign(**role)))
        .map(|role| SelectOption::new(role.as_str(), role_text(*role)))
        .collect()
}

#[component]
fn People(people: Vec<StaffMember>) -> impl IntoView {
    let t = &texts().staff;
    let me = PageFacts::get().actor.map(|actor| actor.user_id);
    let own_role = PageFacts::get().role();
    let rows = people
        .into_iter()
        .map(|person| {
            let is_me = me == Some(person.id);
            let seen = person.last_signed_in_at.map_or_else(|| t.never.to_owned(), |at| fill(t.last_seen, &[("at", &show::instant(at))]));
            let state = if person.is_active {
                view! { <Badge tone=Tone::Good icon="check" text=t.active/> }
            } else {
                view! { <Badge tone=Tone::Quiet icon="ban" text=t.inactive/> }
            };
            let may_manage = !is_me && own_role.is_some_and(|own| own.may_assign(person.role));
            let name = person.full_name.clone();
            view! {
                <tr>
                    <td class="col-guest"><strong>{name}</strong> {is_me.then(|| view! { <span class="sub">{t.you}</span> })}
                        <span class="sub">{seen}</span></td>
                    <td>{person.username.clone()}</td>
                    <td>{role_text(person.role)}</td>
                    <td class="col-status">{state}</td>
                    <td class="col-action">{may_manage.then(|| view! { <Manage person/> })}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="table">
            <thead><tr>
                <th scope="col">{t.name}</th><th scope="col">{t.username}</th><th scope="col">{t.role}</th>
                <th scope="col" class="col-status">{t.state}</th>
                <th scope="col" class="col-action"><span class="visually-hidden">{texts().today.action}</span></th>
            </tr></thead>
            <tbody>{rows}</tbody>
        </table>
    }
}

/// Role, activity and password of a colleague.
#[component]
fn Manage(person: StaffMember) -> impl IntoView {
    let t = &texts().staff;
    let id = person.id.to_string();
    let (access_id, same_id, removed_id) = (id.clone(), id.clone(), id.clone());
    let key = Some(("user_id", id.as_str()));
    let change = Form::about::<ChangeStaff>("", key);
    let access = Form { error: None, ..change.clone() };
    let password = Form::about::<SetStaffPassword>("", key);
    let removal = Form::about::<RemoveRole>("", key);
    // Several of these stand on one page; the id keeps labels and fields together.
    let role_id = format!("role-{id}");
    let password_id = format!("password-{id}");
    let is_open = change.was_refused() || password.was_refused() || removal.was_refused();
    // Where it was refused the reason is told, whatever the page would offer by now.
    let removal = (person.works_elsewhere || removal.was_refused()).then_some(removal);
    let problem = password.state.problem("password");
    let options = roles()
        .into_iter()
        .map(|option| {
            let is_present = option.value == person.role.as_str();
            view! { <option value=option.value selected=is_present>{option.text}</option> }
        })
        .collect_view();
    let (is_active, access_text) =
        if person.is_active { ("false", t.deactivate) } else { ("true", t.activate) };
    view! {
        <details class="menu menu-right" open=is_open>
            <summary class="button button-quiet" aria-label=fill(t.manage, &[("name", &person.full_name)])>{texts().common.change}</summary>
            <div class="menu-list menu-form">
                <PostForm form=change>
                    <input type="hidden" name="user_id" value=id/>
                    <div class="field"><label for=role_id.clone()>{t.role}</label><select id=role_id name="role">{options}</select></div>
                    <button type="submit" class="button">{t.set_role}</button>
                </PostForm>
                <PostForm form=access>
                    <input type="hidden" name="user_id" value=access_id/>
                    <button type="submit" class="button button-quiet" name="is_active" value=is_active>{access_text}</button>
                </PostForm>
                <PostForm form=password>
                    <input type="hidden" name="user_id" value=same_id/>
                    <div class="field">
                        <label for=password_id.clone()>{t.new_password}</label>
                        <input type="password" id=password_id name="password" autocomplete="new-password" aria-invalid=problem.is_some().then_some("true")/>
                        {problem.map(|text| view! { <p class="field-problem">{text}</p> })}
                    </div>
                    <button type="submit" class="button">{t.set_password}</button>
                </PostForm>
                {removal.map(|form| view! {
                    <PostForm form>
                        <input type="hidden" name="user_id" value=removed_id/>
                        <button type="submit" class="button button-quiet">{t.remove_role}</button>
                    </PostForm>
                })}
            </div>
        </details>
    }
}

#[component]
fn AddColleague() -> impl IntoView {
    let t = &texts().staff;
    let form = Form::of::<CreateStaff>("form");
    let (state, is_open) = (form.state.clone(), form.was_refused());
    view! {
        <details class="panel panel-form" open=is_open>
            <summary><h2>{t.add}</h2></summary>
            <PostForm form>
                <TextField form=state.clone() name="full_name" label=t.full_name required=true/>
                <div class="field-pair">
                    <TextField form=state.clone() name="username" label=t.login help=t.login_help required=true/>
                    <TextField form=state.clone() name="email" label=t.email kind="email" help=t.email_help/>
                </div>
                <div class="field-pair">
                    <SelectField form=state.clone() name="role" label=t.role value="reception" options=roles()/>
                    <TextField form=state name="password" label=t.password kind="password" help=t.password_help autocomplete="new-password" required=true/>
                </div>
                <Button text=t.create/>
            </PostForm>
        </details>
    }
}

/// Brings somebody from another of the reader's hotels.
#[component]
fn FromElsewhere(people: Vec<StaffMember>) -> impl IntoView {
    let t = &texts().staff;
    let form = Form::of::<GiveRole>("");
    let (state, is_open) = (form.state.clone(), form.was_refused());
    // Where it was refused the reason is told, although nobody is left to choose.
    if people.is_empty() && !is_open {
        return None;
    }
    let options: Vec<_> = people
        .into_iter()
        .map(|person| {
            SelectOption::new(person.id.to_string(), format!("{} ({})", person.full_name, person.username))
        })
        .collect();
    Some(view! {
        <details class="panel panel-form" open=is_open>
            <summary><h2>{t.elsewhere}</h2></summary>
            <PostForm form>
                <div class="field-pair">
                    <SelectField form=state.clone() name="user_id" label=t.person options/>
                    <SelectField form=state name="role" label=t.role value="reception" options=roles()/>
                </div>
                <Button text=t.give_role/>
            </PostForm>
        </details>
    })
}
