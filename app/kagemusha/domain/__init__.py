"""The rules of the simulated world: pure, standard library only, no clock, no randomness, no I/O."""
