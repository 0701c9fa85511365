"""`python -m devstack` is `frontdesk`."""

from devstack.cli import main

main()
