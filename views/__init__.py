"""What people see: routes and their form classes, one module per area."""
