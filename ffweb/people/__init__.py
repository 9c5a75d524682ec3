"""Who works here: accounts, invitations, sign-in links and API tokens."""
