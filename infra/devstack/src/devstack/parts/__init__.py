"""The real servers the system stands on, started on this machine: PostgreSQL, Apache Kafka, Valkey."""
