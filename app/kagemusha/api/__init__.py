"""HTTP: rooms that don't know each other. A handler parses, calls one service and shapes the answer."""
