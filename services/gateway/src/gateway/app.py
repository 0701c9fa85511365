"""The gateway: the one public address. Reads as its table of contents."""

from gateway.live import feed_live_streams
from gateway.middleware import ApiKeyMiddleware, SessionMiddleware
from gateway.resources import resources
from gateway.routes import live, oidc, openapi, own_account, passing_on, session, views, widget
from gateway.settings import Settings
from servicekit import Service

service = Service(
    "gateway",
    settings=Settings,
    database=False,
    openapi_url=None,  # routes.openapi gives the document of the whole
    resources=resources,
    middleware=[SessionMiddleware, ApiKeyMiddleware],
    cors_prefix="/widget/",
    large_bodies={"/api/knowledge/imports": 11_000_000},  # files in base64; the conversation service has the last word
    routers=[
        session.router,  # the dashboard's session
        oidc.router,  # signing in at an issuer
        oidc.webhooks,  # and what Clerk tells of its people
        own_account.router,  # the end of one's own account
        views.router,  # inbox, conversation page
        live.router,  # what changes, as it changes
        widget.router,  # guests, passed through
        passing_on.router,  # everything else, passed on to its owner
        openapi.router,  # one document for the whole
    ],
    worker_tasks=[feed_live_streams],
)

main = service.main
