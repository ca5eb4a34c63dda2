"""Files that CleverTap itself writes into a bucket: names, runs, and their rows in the columns of an export.

They are set up in CleverTap's dashboard. Only they have the events of notifications. Written from
https://docs.clevertap.com/docs/cloud-exports and https://docs.clevertap.com/docs/profile-exports, and from what others
have found in real files.
"""
