"""The triggers, which wait for deferred tasks."""
