//! Work of the processor's that nobody waits for, such as drawing the document of a mail: it gives way to those who wait.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::mpsc::{self, SendError, Sender};

use tokio::sync::oneshot;

/// How much it gives way (`nice`): a tenth of the time that each thread in front gets, so that it goes on under any load.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

type Work = Box<dyn FnOnce() + Send>;

/// It panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("work in the background came to no end")]
pub struct Unfinished;

/// Does `work` on a thread of its own, one after the other with whatever else is done there.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Unfinished> {
    let (done, result) = oneshot::channel();
    let work: Work = Box::new(move || {
        if let Ok(value) = catch_unwind(AssertUnwindSafe(work)) {
            // Whoever asked may have gone.
            let _ = done.send(value);
        }
    });
    // Without the thread it is done where other work is.
    if let Err(SendError(work)) = thread().send(work) {
        drop(tokio::task::spawn_blocking(work));
    }
    result.await.map_err(|_| Unfinished)
}

fn thread() -> &'static Sender<Work> {
    static THREAD: OnceLock<Sender<Work>> = OnceLock::new();
    THREAD.get_or_init(|| {
        let (sender, waiting) = mpsc::channel::<Work>();
        let begun = std::thread::Builder::new().name("background".to_owned()).spawn(move || {
            give_way();
            for work in waiting {
                work();
            }
        });
        if let Err(error) = begun {
            tracing::error!(%error, "background.no_thread");
        }
        sender
    })
}

/// Elsewhere than on Linux, a thread alone cannot be told to.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::warn!(%error, "background.priority");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_done_there_and_a_panic_ends_nothing_else() {
        assert_eq!(run(|| 6 * 7).await, Ok(42));
        assert_eq!(run(|| -> u8 { panic!("on purpose") }).await, Err(Unfinished));
        let name = run(|| std::thread::current().name().map(str::to_owned)).await.unwrap();
        assert_eq!(name.as_deref(), Some("background"));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn it_gives_way_and_this_thread_does_not() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let here = nice();
        assert_eq!(run(nice).await, Ok(NICE.max(here)));
        assert_eq!(nice(), here);
    }
}
