"""The backbone: RabbitMQ, or an embedded broker of one process. Carries delivery ids, never bodies."""
