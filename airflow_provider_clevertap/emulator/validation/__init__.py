"""What the emulator checks in a request, as CleverTap documents it. Independent of the package's own rules."""
