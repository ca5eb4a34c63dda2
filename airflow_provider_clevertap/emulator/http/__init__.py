"""The emulator's HTTP server: CleverTap's routes and the admin routes."""
