"""Every HTTPS operation and the functions that serve them: a function a resource, all its operations with the same
rights. The authorizer stands before every route that is not public.
"""

from infra.catalog.api import agency, identity, portal

AUTHORIZER = "identity.authorize"
API_FUNCTIONS = (*agency.FUNCTIONS, *identity.FUNCTIONS, *portal.FUNCTIONS)
ROUTES = (*agency.ROUTES, *identity.ROUTES, *portal.ROUTES)
