"""Order lines become one ``Charged`` event for each order, with its items."""
