"""How often the local engine finds the right article, knows that there is none, and how far its confidence is to be believed."""
