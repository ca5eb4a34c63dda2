"""The flat columns that messages become: of events, orders, profiles and device tokens."""
