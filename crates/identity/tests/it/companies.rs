//! Company accounts: codes, sign-in with a code, and the admin in somebody's name.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::access::Actor;
use domain::company::PackageStatus;
use domain::ids::{OrganisationId, UserId};
use domain::problem::ProblemCode;
use identity::Error;
use identity::companies::{Company, CompanyChange, CompanyDetails, CompanyQuery, NewCompany, SYSTEM};
use sqlx::PgPool;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::support::{ELSEWHERE, HERE, PASSWORD, World, client, problem};

fn company(name: &str) -> NewCompany {
    NewCompany {
        name: name.to_owned(),
        admin_username: format!("{}-admin", name.to_lowercase()),
        admin_password: PASSWORD.to_owned(),
        admin_full_name: format!("{name} Admin"),
        ..NewCompany::default()
    }
}

async fn register(world: &World, name: &str) -> Company {
    world.identity.register_company(&company(name)).await.unwrap()
}

async fn admin(world: &World) -> Actor {
    let user_id = world.identity.create_admin("root@keyrack.example", "Root", PASSWORD).await.unwrap();
    Actor { user_id, full_name: "Root".to_owned(), is_platform_admin: true, ..Actor::nobody() }
}

async fn user_of(world: &World, id: OrganisationId, admin: &Actor) -> UserId {
    world.identity.managed_company(admin.admin().unwrap(), id).await.unwrap().users[0].id
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn codes_are_the_next_number_and_older_words_stay(pool: PgPool) {
    let world = World::new(pool).await;
    // The two hotels of this world took the first.
    assert_eq!(register(&world, "Third").await.code, "1003");
    for (code, id) in [("legacy_code", 1_u128), ("1007", 2), ("99999999999999999999", 3)] {
        sqlx::query("INSERT INTO organisations (id, code, name, created_at) VALUES ($1, $2, $2, now())")
            .bind(uuid::Uuid::from_u128(id))
            .bind(code)
            .execute(&world.superuser)
            .await
            .unwrap();
    }
    assert_eq!(register(&world, "Eighth").await.code, "1008", "after the highest, whoever wrote it");
    let taken = world.identity.register_company(&company("Eighth")).await;
    assert_eq!(problem(taken), ("admin_username".into(), ProblemCode::AlreadyInUse));
    assert_eq!(register(&world, "Ninth").await.code, "1009", "what was refused took no number");
}

/// What registration would do without its guard: look for the highest, then write the next.
async fn careless(world: &World, id: u128, ready: &Barrier) -> bool {
    let mut transaction = world.superuser.acquire().await.unwrap();
    let next: i64 = sqlx::query_scalar("SELECT max(code::bigint) + 1 FROM organisations")
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    ready.wait().await;
    sqlx::query("INSERT INTO organisations (id, code, name, created_at) VALUES ($1, $2, 'Careless', now())")
        .bind(uuid::Uuid::from_u128(id))
        .bind(next.to_string())
        .execute(&mut *transaction)
        .await
        .is_ok()
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn without_the_guard_all_but_one_would_be_refused(pool: PgPool) {
    let world = Arc::new(World::new(pool).await);
    let ready = Arc::new(Barrier::new(4));
    let mut registrations = JoinSet::new();
    for id in 1..5 {
        let (world, ready) = (world.clone(), ready.clone());
        registrations.spawn(async move { careless(&world, id, &ready).await });
    }
    assert_eq!(registrations.join_all().await.into_iter().filter(|is_there| *is_there).count(), 1);
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn of_16_parallel_registrations_each_has_the_next_number(pool: PgPool) {
    let world = Arc::new(World::new(pool).await);
    let mut registrations = JoinSet::new();
    for number in 0..16 {
        let world = world.clone();
        registrations.spawn(async move { register(&world, &format!("Company{number}")).await.code });
    }
    let mut codes: Vec<i64> =
        registrations.join_all().await.iter().map(|code| code.parse().unwrap()).collect();
    codes.sort_unstable();
    assert_eq!(codes, (1003..1019).collect::<Vec<_>>());
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_signs_in_names_their_own_company(pool: PgPool) {
    let world = World::new(pool).await;
    let (ours, theirs) = (register(&world, "Ours").await, register(&world, "Theirs").await);
    let sign_in = async |code: &str, password: &str, from: &str| {
        world.identity.issue_company_tokens(code, "Ours-Admin", password, &client(from)).await
    };
    let pair = sign_in(&ours.code, PASSWORD, HERE).await.unwrap();
    assert!(pair.actor.runs_company() && pair.actor.company_account().is_ok());
    assert_eq!(world.identity.own_company(&pair.actor).await.unwrap().unwrap(), ours);
    assert!(matches!(sign_in(&theirs.code, PASSWORD, HERE).await, Err(Error::WrongCredentials)));
    assert!(matches!(sign_in(&ours.code, "wrong", HERE).await, Err(Error::WrongCredentials)));
    for unknown in ["4711", "", "a\0b"] {
        assert!(matches!(sign_in(unknown, PASSWORD, HERE).await, Err(Error::UnknownCompany)), "{unknown}");
    }
    // Those who run the platform belong to the first company, and nobody else does.
    admin(&world).await;
    let root =
        world.identity.issue_company_tokens("1000", "root@keyrack.example", PASSWORD, &client(HERE)).await;
    assert_eq!(world.identity.own_company(&root.unwrap().actor).await.unwrap().unwrap().id, SYSTEM);
    assert!(matches!(sign_in("1000", PASSWORD, HERE).await, Err(Error::WrongCredentials)));
    // Whatever was wrong about it, it counts.
    for _ in 0..10 {
        assert!(sign_in(&theirs.code, PASSWORD, ELSEWHERE).await.is_err());
    }
    let late = sign_in(&ours.code, PASSWORD, ELSEWHERE).await;
    assert!(matches!(late, Err(Error::TooManyAttempts { .. })), "{late:?}");
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn the_admin_finds_companies_by_their_package_and_changes_them(pool: PgPool) {
    let world = World::new(pool).await;
    let (admin, today) = (admin(&world).await, "2027-03-10".parse::<chrono::NaiveDate>().unwrap());
    let permit = admin.admin().unwrap();
    for (name, days) in [("Far", 100), ("Near", 60), ("Soon", 10), ("Over", -1)] {
        let end = Some((today + TimeDelta::days(days)).to_string());
        let details = CompanyDetails { package_end_date: end, ..CompanyDetails::default() };
        world.identity.register_company(&NewCompany { details, ..company(name) }).await.unwrap();
    }
    let names = async |status| {
        let query = CompanyQuery { status, limit: 100, ..CompanyQuery::default() };
        let found = world.identity.companies(permit, query).await.unwrap();
        found.into_iter().map(|company| company.name).collect::<Vec<_>>()
    };
    assert_eq!(names(Some(PackageStatus::Expired)).await, ["Over"]);
    assert_eq!(names(Some(PackageStatus::Expiring1Month)).await, ["Soon"]);
    assert_eq!(names(Some(PackageStatus::Expiring3Months)).await, ["Near"]);
    let mut active = names(Some(PackageStatus::Active)).await;
    active.sort();
    assert_eq!(active, ["Far", "Harbour House", "Old Mill Inn"], "without an end too");
    assert_eq!(names(None).await.len(), 6, "all but the platform's own");

    // The owner's password is another one, and what they were signed in with ends.
    let session = world.sign_in(&world.harbour.owner).await;
    let change = CompanyChange {
        name: Some("Harbour Group".to_owned()),
        owner_name: Some("Nora New".to_owned()),
        owner_username: Some("nora@harbour.example".to_owned()),
        owner_password: Some("Another1!".to_owned()),
        ..CompanyChange::default()
    };
    let id = world.harbour.organisation_id;
    let checked = world.identity.check_company_change(&change).await.unwrap();
    let mut transaction = world.database.begin_admin(&permit).await.unwrap();
    world.identity.change_company(&mut transaction, permit, id, checked).await.unwrap();
    transaction.commit().await.unwrap();
    assert!(world.has_ended(&session).await);
    let found = world.identity.managed_company(permit, id).await.unwrap();
    assert_eq!((found.company.name.as_str(), found.users.len()), ("Harbour Group", 3));
    let owner = &found.users[0];
    assert_eq!(
        (owner.id, owner.full_name.as_str(), owner.is_admin),
        (world.harbour.owner.user_id, "Nora New", true)
    );
    world.identity.sign_in("nora@harbour.example", "Another1!", &client(HERE)).await.unwrap();
    let told: Vec<String> = sqlx::query_scalar(
        "SELECT payload->>'to' FROM jobs WHERE payload->>'subject' = 'Your Keyrack e-mail address was changed'",
    )
    .fetch_all(&world.superuser)
    .await
    .unwrap();
    assert_eq!(told, ["owner@harbour.example"]);
    assert_eq!(world.deeds("company.changed").await, 1);
    let taken =
        CompanyChange { owner_username: Some("reception-mill".to_owned()), ..CompanyChange::default() };
    let checked = world.identity.check_company_change(&taken).await.unwrap();
    let mut transaction = world.database.begin_admin(&permit).await.unwrap();
    let refused = world.identity.change_company(&mut transaction, permit, id, checked).await;
    assert_eq!(problem(refused), ("owner_username".into(), ProblemCode::AlreadyInUse));
    drop(transaction);
    assert!(matches!(world.identity.managed_company(permit, SYSTEM).await, Err(Error::Forbidden)));
}

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn who_acts_in_somebodys_name_is_written_down_and_soon_over(pool: PgPool) {
    let world = World::new(pool).await;
    let (root, ours) = (admin(&world).await, register(&world, "Ours").await);
    let (permit, user_id) = (root.admin().unwrap(), user_of(&world, ours.id, &root).await);
    let enter = async |company, user| world.identity.impersonate(permit, company, user).await;
    let made = enter(ours.id, user_id).await.unwrap();
    let actor = world.identity.bearer(&made.access_token).await.unwrap();
    assert_eq!((actor.user_id, actor.impersonated_by), (user_id, Some(root.user_id)));
    assert!(actor.runs_company() && actor.admin().is_err());
    // Another company's person, an unknown one, the platform's own company and its people.
    assert!(matches!(enter(ours.id, world.mill.owner.user_id).await, Err(Error::NotFound)));
    assert!(matches!(enter(ours.id, platform::ids::new()).await, Err(Error::NotFound)));
    assert!(matches!(enter(SYSTEM, root.user_id).await, Err(Error::Forbidden)));
    world.deactivate(&world.mill.reception).await;
    let inactive = enter(world.mill.organisation_id, world.mill.reception.user_id).await;
    assert!(matches!(inactive, Err(Error::Conflict(_))));

    // What is done has both ids, whichever context writes it; how the person signs in stays theirs.
    world.identity.note_impersonated(&actor, "GET", "/api/companies/me").await.unwrap();
    let mut transaction = world.database.begin_as(&actor).await.unwrap();
    let deed = platform::audit::Deed {
        organisation_id: Some(ours.id),
        hotel_id: None,
        user_id: Some(user_id),
        action: "something.done",
        subject: None,
        facts: serde_json::json!({}),
    };
    platform::audit::record(&mut *transaction, deed, platform::clock::Clock::now(&world.clock))
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let rows: Vec<(String, Option<UserId>, Option<UserId>)> = sqlx::query_as(
        "SELECT action, user_id, impersonated_by FROM audit_log WHERE impersonated_by IS NOT NULL ORDER BY id",
    )
    .fetch_all(&world.superuser)
    .await
    .unwrap();
    let written = |action: &str| (action.to_owned(), Some(user_id), Some(root.user_id));
    assert_eq!(
        rows,
        [written("user.impersonated"), written("impersonation.request"), written("something.done")]
    );
    let named =
        "SELECT count(*) FROM audit_log WHERE facts ->> 'admin' = 'Root' AND facts ->> 'name' = 'Ours Admin'";
    assert_eq!(world.count(named).await, 2);
    let changed = world.identity.change_password(&actor, None, PASSWORD, "Another1!").await;
    assert!(matches!(changed, Err(Error::Forbidden)));
    let changed = world.identity.change_profile(&actor, "X", "", PASSWORD).await;
    assert!(matches!(changed, Err(Error::Forbidden)));

    // It ends with the time, with the admin's own role, and with the person's password.
    assert_eq!(made.expires_in_seconds, 15 * 60);
    world.minutes_pass(15);
    assert!(matches!(world.identity.bearer(&made.access_token).await, Err(Error::ExpiredToken)));
    let made = enter(ours.id, user_id).await.unwrap();
    world.identity.set_password("ours-admin", "Another1!").await.unwrap();
    assert!(matches!(world.identity.bearer(&made.access_token).await, Err(Error::BadToken)));
    let made = enter(ours.id, user_id).await.unwrap();
    world.deactivate(&root).await;
    assert!(matches!(world.identity.bearer(&made.access_token).await, Err(Error::BadToken)));
}
