"""Storage of the emulator in SQLite: profiles, events, device tokens, requests and errors."""
