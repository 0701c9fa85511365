"""Identity: hotels, the people who work there, their guests, who may do what, and who did what."""

from identity.commands.hotel_ends import forget_directory
from identity.demo.seed import seed_demo
from identity.jobs import jobs
from identity.operators import audit_verify, create_superadmin, reset_second_factor, rewrap_secrets
from identity.operators_keys import rotate_keys, withdraw_key
from identity.reactions import reactions
from identity.resources import resources
from identity.routes import (
    account,
    api_keys,
    audit,
    deletion,
    guests,
    hotel_ends,
    hotel_roles,
    hotels,
    identities,
    impersonations,
    invitations,
    members,
    oauth,
    oidc,
    oidc_connections,
    password_reset,
    preferences,
    privacy,
    roles,
    second_factor,
    signing_keys,
    tokens,
    users,
    webhooks,
)
from identity.settings import IdentitySettings
from identity.tables import PLATFORM_TABLES
from identity.tables_hotels import KEPT_TABLES
from servicekit import Service

service = Service(
    "identity",
    settings=IdentitySettings,
    routers=[
        tokens.router,  # sign in, refresh, sign out
        tokens.switching,  # another hotel of mine
        oidc.router,  # sign in at an issuer
        oidc_connections.router,  # which issuers
        oauth.router,  # service tokens, public keys
        account.router,  # me, my sessions, my password
        second_factor.router,  # my authenticator app and recovery codes
        identities.router,  # my sign-ins at issuers
        preferences.router,  # my preferences and saved views
        deletion.router,  # the end of my account
        hotels.router,
        hotel_ends.router,  # deleted, restored, purged; the link to Clerk
        members.router,  # who works for a hotel, also from the platform's side
        users.router,
        hotel_roles.router,
        roles.router,
        invitations.router,
        password_reset.router,
        guests.router,
        privacy.router,  # guests are erased and exported
        audit.router,
        signing_keys.router,
        impersonations.router,
        api_keys.router,  # for a hotel's other systems, and their exchange for tokens
        webhooks.router,  # sync from Clerk
    ],
    reactions=reactions,
    jobs=jobs,
    resources=resources,
    platform_tables=PLATFORM_TABLES,
    kept_tables=KEPT_TABLES,
    before_forgetting=forget_directory,
)
service.command(create_superadmin)
service.command(audit_verify)
service.command(reset_second_factor)
service.command(rewrap_secrets)
service.command(rotate_keys)
service.command(withdraw_key)
service.command(seed_demo)
main = service.main
