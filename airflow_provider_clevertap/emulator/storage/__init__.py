"""What the emulator stores, in SQLite: profiles, events, device tokens, requests and errors."""
