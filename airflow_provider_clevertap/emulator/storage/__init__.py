"""Storage of the emulator in SQLite: profiles, events, device tokens, subscriptions, requests and errors."""
