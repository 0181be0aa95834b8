"""The data plane: TLS listeners at the doors that worlds have, and the data stores behind them.

It asks services what a world wants and whether a client may come in, and never touches a row.
"""
