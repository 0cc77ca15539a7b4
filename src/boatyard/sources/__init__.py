"""Where a component's sources come from, locked and verified: nothing enters the store without its digest."""
