"""kagemusha: a stand-in for Heroku's data control plane."""

__version__ = "0.1.0"
