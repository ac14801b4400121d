"""Who may do what: four roles, each with all rights of the ones before it."""

from typing import Literal, get_args

UserRole = Literal["viewer", "runner", "approver", "admin"]
SINGLE_USER = "single user"  # whose the runs are of a workspace without accounts
ROLES: tuple[UserRole, ...] = get_args(UserRole)


def at_least(role: UserRole, needed: UserRole) -> bool:
    """Say whether a role has the rights of another.

    Examples
    --------
    >>> at_least("approver", "runner"), at_least("viewer", "runner")
    (True, False)
    """
    return ROLES.index(role) >= ROLES.index(needed)
