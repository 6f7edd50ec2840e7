"""Who is there: tenants, users, invitations, teams, one's own account, and letters to them."""
