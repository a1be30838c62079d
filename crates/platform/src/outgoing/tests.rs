//! The guard, against a server on this machine.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

const OPEN: OutgoingRules = OutgoingRules { allow_http: true, allow_private_addresses: true };

const LIMITS: Limits = Limits { time: Duration::from_secs(20), bytes: 1_000 };

/// A server that answers each connection with these bytes, and then closes it.
async fn server(answer: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    port
}

async fn get(rules: OutgoingRules, address: &str) -> Result<Answer, OutgoingError> {
    Outgoing::new(rules).send(Method::GET, address, &[], Vec::new(), LIMITS).await
}

#[test]
fn addresses_are_looked_at_when_they_are_typed() {
    let checked = |address: &str| Outgoing::new(OutgoingRules::default()).checked(address);
    assert_eq!(checked(" https://Hooks.Example/a?b=c#d ").as_deref(), Ok("https://hooks.example/a?b=c"));
    assert_eq!(checked("https://8.8.8.8:8443").as_deref(), Ok("https://8.8.8.8:8443/"));
    for private in [
        "https://127.0.0.1/",
        // The same, as URLs may spell it.
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://0177.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[fd00:ec2::254]/",
        "https://100.64.0.1/",
        "https://224.0.0.1/",
    ] {
        assert_eq!(checked(private), Err(OutgoingError::NotPublic), "{private}");
    }
    for bad in [
        "",
        "x",
        "http://hooks.example/",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "https://",
        "https://user@hooks.example/",
        "https://:secret@hooks.example/",
        "javascript:alert(1)",
        &format!("https://hooks.example/{}", "x".repeat(MAX_URL)),
    ] {
        assert!(matches!(checked(bad), Err(OutgoingError::BadAddress(_))), "{bad}");
    }
    assert!(Outgoing::new(OPEN).checked("http://10.0.0.1/").is_ok());
}

#[tokio::test]
async fn a_private_address_is_refused_by_number_and_by_name() {
    let port = server("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi".to_owned()).await;
    let http = OutgoingRules { allow_http: true, allow_private_addresses: false };
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let address = format!("http://{host}:{port}/");
        assert_eq!(get(http, &address).await, Err(OutgoingError::NotPublic), "{host}");
    }
    // With the guard off the server is reached, so the test above proves something.
    for host in ["127.0.0.1", "localhost"] {
        let answer = get(OPEN, &format!("http://{host}:{port}/")).await.unwrap();
        assert_eq!((answer.status, answer.body.as_slice(), answer.is_cut), (200, &b"hi"[..], false));
    }
}

#[test]
fn of_a_names_addresses_the_public_ones_are_used() {
    let rules = OutgoingRules::default();
    let found = |addresses: &[&str]| {
        let addresses: Vec<SocketAddr> = addresses.iter().map(|it| it.parse().unwrap()).collect();
        rules.allowed(addresses.into_iter()).ok()
    };
    assert_eq!(found(&["10.0.0.1:0", "8.8.8.8:0", "[::1]:0"]), Some(vec!["8.8.8.8:0".parse().unwrap()]));
    assert_eq!(found(&["10.0.0.1:0", "[fe80::1]:0"]), None);
    assert_eq!(found(&[]), None);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let inner = server("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret".to_owned()).await;
    let location = format!("http://127.0.0.1:{inner}/");
    let outer =
        server(format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")).await;
    let answer = get(OPEN, &format!("http://127.0.0.1:{outer}/")).await.unwrap();
    assert_eq!((answer.status, answer.body), (302, Vec::new()));
}

#[tokio::test]
async fn time_and_size_have_an_end() {
    let long = "x".repeat(5_000);
    let port = server(format!("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{long}")).await;
    let answer = get(OPEN, &format!("http://127.0.0.1:{port}/")).await.unwrap();
    assert_eq!((answer.body.len(), answer.is_cut), (1_000, true));

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let limits = Limits { time: Duration::from_millis(50), bytes: 1 };
    let answer = Outgoing::new(OPEN).send(Method::POST, &address, &[], b"hi".to_vec(), limits).await;
    assert_eq!(answer, Err(OutgoingError::TimedOut(limits.time)));

    drop(listener);
    let answer = get(OPEN, &address).await.unwrap_err();
    assert!(
        matches!(&answer, OutgoingError::Failed(text) if text.starts_with("could not connect")),
        "{answer}"
    );
    let port = server("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhi".to_owned()).await;
    let answer = get(OPEN, &format!("http://127.0.0.1:{port}/")).await.unwrap_err();
    assert!(matches!(answer, OutgoingError::Failed(_)), "{answer}");
}
