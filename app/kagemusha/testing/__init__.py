"""What tests of other programs use: the pytest plugin's fixtures, and what they are made of.

Imports nothing of the server: it starts the command line, and talks to it over HTTP.
"""

from kagemusha.testing.sandbox import Fault, Refused, Sandbox
from kagemusha.testing.server import Server, ServerProblem

__all__ = ["Fault", "Refused", "Sandbox", "Server", "ServerProblem"]
