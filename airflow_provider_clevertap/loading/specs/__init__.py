"""Messages of customer data platforms as rows: what each of them becomes in CleverTap."""
