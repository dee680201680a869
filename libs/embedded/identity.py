"""As whom an embedded server runs: PostgreSQL refuses root, and wants its user to have a name."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
from dataclasses import dataclass
from typing import Literal

from embedded.command import launch_argv
from embedded.errors import IdentityUnavailableError

__all__ = ["SAME", "Identity", "choose_identity"]


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who a server is to itself and to the file system.

    kind: same: as we are. namespace: called `uid` inside a user namespace; to the file system still us.
    drop: `uid` and `gid` to everyone.
    """

    kind: Literal["same", "namespace", "drop"]
    uid: int
    gid: int

    @property
    def text(self) -> str:
        """The identity in the words of `launch`."""
        return {
            "same": "same",
            "namespace": f"namespace:{self.uid}",
            "drop": f"drop:{self.uid}:{self.gid}",
        }[self.kind]

    @property
    def owner_uid(self) -> int:
        """The owner of files that the server makes, as the file system sees it."""
        return self.uid if self.kind == "drop" else os.geteuid()


SAME = Identity(kind="same", uid=os.geteuid(), gid=os.getegid())


def choose_identity(program: str) -> Identity:
    """Find an identity under which `program` (PostgreSQL's server) runs here; adds no user, changes no mode.

    An ordinary user with a name is taken as it is. Root, and users without a name, are called `nobody` in a
    user namespace, so that files stay theirs; where namespaces are forbidden root becomes `nobody`.

    Raises IdentityUnavailableError if none of them works.
    """
    if os.geteuid() != 0 and _has_name(os.geteuid()):
        return SAME
    stand_in = _unprivileged_user()
    candidates = [Identity(kind="namespace", uid=stand_in.pw_uid, gid=stand_in.pw_gid)]
    if os.geteuid() == 0:
        candidates.append(Identity(kind="drop", uid=stand_in.pw_uid, gid=stand_in.pw_gid))
    for candidate in candidates:
        if _runs(program, candidate):
            return candidate
    who = "root" if os.geteuid() == 0 else f"uid {os.geteuid()}, which has no name"
    raise IdentityUnavailableError(
        f"PostgreSQL does not run as {who}, user namespaces are forbidden here and {stand_in.pw_name} cannot"
        f" read {program}: run as an ordinary user, or set DATABASE_URL to a server of your own"
    )


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _unprivileged_user() -> pwd.struct_passwd:
    users = sorted(
        (user for user in pwd.getpwall() if user.pw_uid), key=lambda user: user.pw_name != "nobody"
    )
    if not users:
        raise IdentityUnavailableError(
            "PostgreSQL does not run as root, and no other user exists here: set DATABASE_URL to a server"
        )
    return users[0]


def _runs(program: str, identity: Identity) -> bool:
    argv = launch_argv([program, "--version"], identity=identity.text, death_signal=signal.SIGKILL)
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0  # noqa: S603 - our own argv
