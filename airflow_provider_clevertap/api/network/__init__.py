"""The HTTP connections to CleverTap, and one request on one of them."""
