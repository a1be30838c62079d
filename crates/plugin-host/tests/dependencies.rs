//! A plug-in needs others that are on, whoever switches them, and however many at once.

#[cfg(test)]
mod dependencies {
    use std::sync::Arc;

    use platform::clock::SystemClock;
    use plugin_api::Manifest;
    use plugin_host::{By, Error, Plugins};
    use sqlx::PgPool;

    const fn manifest(name: &'static str, dependencies: &'static [&'static str]) -> Manifest {
        Manifest {
            name,
            version: "1",
            author: "",
            description: "",
            dependencies,
            is_on_at_first: false,
            settings: &[],
        }
    }

    static KITCHEN: Manifest = manifest("kitchen", &[]);
    static BREAKFAST: Manifest = manifest("breakfast", &["kitchen"]);
    static ALL: &[&Manifest] = &[&KITCHEN, &BREAKFAST];

    fn plugins(pool: &PgPool) -> Plugins {
        Plugins::new(platform::database::for_test(pool), Arc::new(SystemClock), ALL)
    }

    fn why<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
        result.unwrap_err().to_string()
    }

    #[sqlx::test(migrator = "platform::database::MIGRATOR")]
    async fn one_needs_the_other(pool: PgPool) {
        let plugins = plugins(&pool);
        assert_eq!(why(plugins.enable(By::Machine, "breakfast").await), "Dependency 'kitchen' not enabled");
        plugins.enable(By::Machine, "kitchen").await.unwrap();
        plugins.enable(By::Machine, "breakfast").await.unwrap();
        assert_eq!(
            why(plugins.disable(By::Machine, "kitchen").await),
            "Cannot disable: plugins ['breakfast'] depend on it"
        );
        assert!(plugins.is_on("kitchen") && plugins.is_on("breakfast"));
        plugins.disable(By::Machine, "breakfast").await.unwrap();
        plugins.disable(By::Machine, "kitchen").await.unwrap();
        assert!(!plugins.is_on("kitchen") && !plugins.is_on("breakfast"));
        assert_eq!(why(plugins.disable(By::Machine, "spa").await), "Plugin 'spa' not found");
    }

    #[sqlx::test(migrator = "platform::database::MIGRATOR")]
    async fn of_two_processes_that_switch_at_once_one_gives_way(pool: PgPool) {
        for _ in 0..20 {
            let (one, two) = (plugins(&pool), plugins(&pool));
            one.enable(By::Machine, "kitchen").await.unwrap();
            let (on, off) =
                tokio::join!(one.enable(By::Machine, "breakfast"), two.disable(By::Machine, "kitchen"));
            assert!(on.is_ok() != off.is_ok(), "{on:?} {off:?}");
            one.load().await.unwrap();
            assert!(!one.is_on("breakfast") || one.is_on("kitchen"));
            one.disable(By::Machine, "breakfast").await.unwrap();
        }
    }
}
