"""Two hotels to try things out with, and the people who work there."""
