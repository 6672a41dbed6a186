"""How good the labels are: every method on public data sets, by the papers' protocol."""
