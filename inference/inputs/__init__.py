"""From what the user gives to tensors and named sequences."""
