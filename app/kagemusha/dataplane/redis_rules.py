"""What both Redis backends have in common: who may come in, and what customers may not run."""

from typing import Final

USERS: Final = ("default", "h")
"""Who is let in with the store's password: nobody named, and the user of the URLs (known: the article)."""

REFUSED: Final = frozenset(
    {
        "acl",
        "bgrewriteaof",
        "bgsave",
        "config",
        "debug",
        "failover",
        "migrate",
        "module",
        "pfdebug",
        "psync",
        "replconf",
        "replicaof",
        "restore-asking",
        "save",
        "shutdown",
        "slaveof",
        "sync",
    },
)
"""What is answered with NOPERM: the server's own matters, which Heroku looks after."""

ALLOWED: Final = frozenset({"acl|whoami"})
"""Parts of REFUSED that may be run."""

CONTAINERS: Final = frozenset({"acl", "config", "module"})
"""Those of REFUSED whose name in an answer has the subcommand."""
