"""The emulator's HTTP server: CleverTap's routes, the admin routes and the dashboard."""
