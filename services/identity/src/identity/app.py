"""Identity: hotels, the people who work there, their guests, who may do what, and who did what."""

from identity.demo.seed import seed_demo
from identity.jobs import jobs
from identity.operators import audit_verify, create_superadmin, reset_second_factor, rewrap_secrets
from identity.reactions import reactions
from identity.resources import resources
from identity.routes import (
    account,
    audit,
    deletion,
    guests,
    hotels,
    members,
    oauth,
    preferences,
    roles,
    second_factor,
    tokens,
    users,
)
from identity.settings import IdentitySettings
from identity.tables import PLATFORM_TABLES
from servicekit import Service

service = Service(
    "identity",
    settings=IdentitySettings,
    routers=[
        tokens.router,  # sign in, refresh, sign out
        tokens.switching,  # another hotel of mine
        oauth.router,  # service tokens, public keys
        account.router,  # me, my sessions, my password
        second_factor.router,  # my authenticator app and recovery codes
        preferences.router,  # my preferences and saved views
        deletion.router,  # the end of my account
        hotels.router,
        members.router,  # who works for a hotel, also from the platform's side
        users.router,
        roles.router,
        guests.router,
        audit.router,
    ],
    reactions=reactions,
    jobs=jobs,
    resources=resources,
    platform_tables=PLATFORM_TABLES,
)
service.command(create_superadmin)
service.command(audit_verify)
service.command(reset_second_factor)
service.command(rewrap_secrets)
service.command(seed_demo)
main = service.main
