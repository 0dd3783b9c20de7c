"""What the clinic promises: plain functions over rows. No Flask, no HTML; imports only go down."""
