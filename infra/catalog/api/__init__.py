"""Every HTTPS operation and the functions that serve them: a function a resource, all its operations with the same
rights. The authorizer stands before every route that is not public.
"""

from infra.catalog.api import agency, identity, knowledge, people, portal, sessions, webhooks

AUTHORIZER = "identity.authorize"
API_FUNCTIONS = (
    *agency.FUNCTIONS,
    *identity.FUNCTIONS,
    *knowledge.FUNCTIONS,
    *people.FUNCTIONS,
    *portal.FUNCTIONS,
    *sessions.FUNCTIONS,
    *webhooks.FUNCTIONS,
)
ROUTES = (
    *agency.ROUTES,
    *identity.ROUTES,
    *knowledge.ROUTES,
    *people.ROUTES,
    *portal.ROUTES,
    *sessions.ROUTES,
    *webhooks.ROUTES,
)
