"""Plain forms of what libraries put into rows: the few Arrow types and Python types that all stages handle."""
