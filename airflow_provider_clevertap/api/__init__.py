"""CleverTap over HTTP: regions, client, answers."""
