"""`carillon clock`: what the clock of automations does, shown and checked."""
