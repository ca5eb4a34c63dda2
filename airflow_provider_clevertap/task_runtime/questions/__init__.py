"""Questions that tasks ask CleverTap: their days, asking, and the request that an earlier attempt has made."""
