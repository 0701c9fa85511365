"""What identity does with the help of others: cryptography's libraries."""
