"""What Prometheus is told about outbox, consumers and jobs."""

from servicekit.metrics import counter, gauge, histogram

BACKLOG_SHOWN = 10_000
OUTBOX_BACKLOG = gauge(
    "outbox_backlog",
    f"Events in the outbox that are not published yet; {BACKLOG_SHOWN} stands for that many or more",
    "service",
)
OUTBOX_OLDEST_SECONDS = gauge("outbox_oldest_age_seconds", "Age of the oldest unpublished event", "service")
RELAY_LEADER = gauge("relay_leader", "1 where this process relays the outbox", "service")
RELAY_PUBLISHED = counter("relay_published_total", "Events acknowledged by Kafka", "service", "topic")
RELAY_FAILURES = counter("relay_failures_total", "Interrupted waves and lost connections", "service", "error")

CONSUMED = counter(
    "consumer_records_total",
    "Records by what became of them: handled, duplicate, skipped, dead, healing",
    "service",
    "topic",
    "outcome",
)
CONSUMER_SECONDS = histogram("consumer_handle_seconds", "From decoding to the commit", "service", "topic")
CONSUMER_RETRIES = counter("consumer_retries_total", "Repeated attempts at a record", "service", "topic", "why")
CONSUMER_HEALING = gauge("consumer_healing", "1 while a partition waits for something to heal", "service", "topic")
CONSUMER_LAG = gauge("consumer_lag", "Records that wait in a partition", "service", "topic", "partition")
CONSUMER_RESTARTS = counter("consumer_restarts_total", "Restarts by the watchdog", "service", "topic")

DUE_CLAIMED = counter("due_claimed_total", "Due items claimed", "service", "kind")
DUE_OUTCOMES = counter("due_outcomes_total", "Due items by outcome: done, failed, lost", "service", "kind", "outcome")
DUE_RUNNING = gauge("due_running", "Due items being worked on", "service", "kind")
DUE_LATE_SECONDS = histogram("due_late_seconds", "From due to claimed", "service", "kind")
JOBS_LEADER = gauge("jobs_leader", "1 where this process runs the leader's jobs", "service")
JOB_SECONDS = histogram("job_seconds", "One run of a leader's job", "service", "job")
JOB_FAILURES = counter("job_failures_total", "Runs of a leader's job that raised", "service", "job")
