"""What types cannot say: rules for the tables of one file, checked before anything is merged or inherited."""
