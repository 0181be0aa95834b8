"""Heroku's Data API. It ignores Accept."""
