"""The background work: relay, dispatcher, backlog, scheduler's rounds and the integrator of the audit log."""
