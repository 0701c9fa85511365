"""What this service can be told beyond what every service can: nothing yet."""

from servicekit import ServiceSettings


class Settings(ServiceSettings):
    """`FRONTDESK_*` variables; see the README."""
