"""Words that every layer uses: errors, places, versions, digests, sizes. Standard library only, no effects."""
