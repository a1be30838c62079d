//! The binary as a process: what it says when it cannot start, and how it stops.

#[cfg(test)]
#[path = "process/killed.rs"]
mod killed;

#[cfg(test)]
mod keyrack {
    use std::process::Stdio;
    use std::time::Duration;

    use sqlx::postgres::PgConnectOptions;
    use sqlx::{ConnectOptions, PgPool};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::process::{Child, Command};
    use tokio::time::{sleep, timeout};

    /// The binary with nothing of this environment's settings.
    pub fn keyrack(args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyrack"));
        // The sandbox for payments keeps its state there.
        let state = std::env::temp_dir().join("keyrack-process-tests");
        command
            .args(args)
            .env_clear()
            .env("KEYRACK_STATE_DIR", state)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    pub fn url(pool: &PgPool) -> String {
        PgConnectOptions::clone(&pool.connect_options()).to_url_lossy().to_string()
    }

    pub async fn free_port() -> u16 {
        TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
    }

    #[tokio::test]
    async fn every_bad_setting_is_one_clear_line() {
        let output =
            keyrack(&["serve"]).env("PORT", "many").env("KEYRACK_DEMO", "perhaps").output().await.unwrap();
        assert_eq!(output.status.code(), Some(2));
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.lines().count(), 2, "{said}");
        assert!(said.contains("PORT=\"many\" is not a port number"));
    }

    #[tokio::test]
    async fn a_bad_database_url_is_not_quoted() {
        let secret = keyrack(&["migrate"]).env("DATABASE_URL", "hunter2").output().await.unwrap();
        assert_eq!(secret.status.code(), Some(2));
        let said = String::from_utf8(secret.stderr).unwrap();
        assert!(
            said.starts_with("keyrack: DATABASE_URL is not an address") && !said.contains("hunter2"),
            "{said}"
        );
    }

    #[tokio::test]
    async fn an_address_that_is_taken_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        let output = keyrack(&["serve"]).env("PORT", port).output().await.unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8(output.stderr).unwrap().contains("cannot listen on 127.0.0.1:"));
    }

    #[sqlx::test(migrations = false)]
    async fn an_empty_database_is_migrated_and_requests_finish_before_it_stops(pool: PgPool) {
        let port = free_port().await;
        let mut server = keyrack(&["serve"])
            .env("DATABASE_URL", url(&pool))
            .env("PORT", port.to_string())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        eventually_ready(port).await;

        // Half of a sign-in when it is told to stop.
        let mut slow = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let body = "username=nobody&password=nothing";
        let head = format!(
            "POST /auth/token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\n",
            body.len()
        );
        slow.write_all(head.as_bytes()).await.unwrap();
        sleep(Duration::from_millis(200)).await;
        terminate(&server).await;
        sleep(Duration::from_millis(300)).await;
        assert!(server.try_wait().unwrap().is_none(), "it waits for the request that was begun");
        slow.write_all(body.as_bytes()).await.unwrap();
        let answer = read(&mut slow).await;
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");

        let status = timeout(Duration::from_secs(10), server.wait()).await.unwrap().unwrap();
        assert_eq!(status.code(), Some(0));
        assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
    }

    async fn terminate(server: &Child) {
        let id = server.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    }

    pub async fn eventually_ready(port: u16) {
        for _ in 0..1_000 {
            if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await {
                let request = "GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
                stream.write_all(request.as_bytes()).await.unwrap();
                if read(&mut stream).await.starts_with("HTTP/1.1 200 ") {
                    return;
                }
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("it never became ready");
    }

    async fn read(stream: &mut TcpStream) -> String {
        let mut answer = Vec::new();
        let _ = timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
        String::from_utf8_lossy(&answer).into_owned()
    }
}
