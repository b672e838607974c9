//! Checks that Lambda lets those functions invoke themselves that continue their work so, and no others.

use crate::{functions, pascal_case, section, template};

#[test]
fn only_workers_that_may_send_to_their_own_queue_may_loop() {
    let resources = section(&template(), "Resources");
    let mut looping = 0;
    for name in functions().iter().map(|name| pascal_case(name)) {
        let own_queue = resources.get(&format!("{name}EventSource")).and_then(|source| {
            let queue = source.lines().find_map(|line| line.trim().strip_prefix("EventSourceArn: "))?;
            Some(format!("Resource: {queue}\n"))
        });
        let continues_itself = own_queue.is_some_and(|queue| {
            let mut statements = resources[&format!("{name}Role")].split("- Sid: ");
            statements.any(|statement| statement.contains("sqs:SendMessage") && statement.contains(&queue))
        });
        let may_loop = resources[&format!("{name}Function")].contains("RecursiveLoop: Allow\n");
        assert_eq!(may_loop, continues_itself, "{name}");
        looping += usize::from(may_loop);
    }
    assert_eq!(looping, 4, "the queue workers");
}
