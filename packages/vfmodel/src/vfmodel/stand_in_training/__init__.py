"""How the shipped stand-in models are made: tiny models of the very classes that a hub serves."""
