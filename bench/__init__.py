"""How fast it is, beside what stands for the fastest it could be. ``python -m bench``; docs/performance.md explains."""
