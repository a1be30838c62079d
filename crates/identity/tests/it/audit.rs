use domain::access::right;
use identity::Error;
use sqlx::PgPool;

use crate::support::{HERE, World, client};

#[sqlx::test(migrator = "platform::database::MIGRATOR")]
async fn a_hotel_reads_its_own_deeds_and_its_peoples_page_by_page(pool: PgPool) {
    let world = World::new(pool).await;
    world.sign_in(&world.harbour.reception).await;
    world.sign_in(&world.mill.reception).await;
    let wrong = world.identity.sign_in("manager-harbour", "wrong", &client(HERE)).await;
    assert!(matches!(wrong, Err(Error::WrongCredentials)));

    let permit = || world.harbour.managers_permit::<right::ViewAudit>();
    let all = world.identity.audit(permit(), None, 100).await.unwrap();
    let actions: Vec<&str> = all.entries.iter().map(|entry| entry.deed.action.as_str()).collect();
    assert_eq!(
        actions,
        ["session.sign_in_failed", "session.signed_in", "staff.created", "staff.created", "hotel.registered"]
    );
    assert!(all.next.is_none());
    assert_eq!(all.entries[1].deed.by.as_deref(), Some("reception-harbour of the reception desk"));
    assert_eq!(all.entries[1].deed.facts, [("address".to_owned(), HERE.to_owned())]);

    // Of a colleague it says who; of signing in the person has said it.
    assert!(all.entries[2].about.as_deref().is_some_and(|about| about.ends_with(" desk")), "{all:?}");
    assert_eq!(all.entries[1].about, None);

    let mut paged = Vec::new();
    let mut before = None;
    loop {
        let page = world.identity.audit(permit(), before, 2).await.unwrap();
        paged.extend(page.entries);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(paged, all.entries);
    assert_eq!(world.identity.audit(permit(), None, -5).await.unwrap().entries.len(), 1);
}
