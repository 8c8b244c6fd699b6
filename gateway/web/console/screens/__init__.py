"""One module a screen: each view takes a visit and gives what to show."""
